namespace Engine.Kernels.Lanes;

/// <summary>An integer that is a type, so that the compiler makes a method of its own for each.</summary>
internal interface ICount
{
    /// <summary>The integer.</summary>
    static abstract int Value { get; }
}

internal readonly struct One : ICount { public static int Value => 1; }
internal readonly struct Two : ICount { public static int Value => 2; }
internal readonly struct Three : ICount { public static int Value => 3; }
internal readonly struct Four : ICount { public static int Value => 4; }
internal readonly struct Five : ICount { public static int Value => 5; }
internal readonly struct Six : ICount { public static int Value => 6; }
internal readonly struct Seven : ICount { public static int Value => 7; }
internal readonly struct Eight : ICount { public static int Value => 8; }

/// <summary>A truth value that is a type, so that the compiler makes a method of its own for each.</summary>
internal interface IChoice
{
    /// <summary>The truth value.</summary>
    static abstract bool Value { get; }
}

internal readonly struct Yes : IChoice { public static bool Value => true; }
internal readonly struct No : IChoice { public static bool Value => false; }
