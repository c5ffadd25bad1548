namespace Engine.Kernels.Devices;

/// <summary>
/// Which operation the calling thread began last, for the message of a failure: memory is asked for and kernels are launched far below the
/// line that a user wrote. A name is set for each operation and read only when something has gone wrong, so it costs a store.
/// </summary>
internal static class RunningOperation
{
    [ThreadStatic]
    private static string? s_name;

    [ThreadStatic]
    private static string? s_differentiated;

    /// <summary>Says which operation begins.</summary>
    internal static void Begin(string name) => s_name = name;

    /// <summary>Says whose derivative is computed from now on; null for none.</summary>
    internal static void BeginDerivative(string? of) => s_differentiated = of;

    /// <summary><c>MatMul</c>, or <c>MatMul in the derivative of Linear</c>; null where no operation was begun.</summary>
    internal static string? Description =>
        s_differentiated is null ? s_name
        : s_name is null || s_name == s_differentiated ? $"the derivative of {s_differentiated}"
        : $"{s_name} in the derivative of {s_differentiated}";
}
