namespace Engine.Kernels.Portable;

/// <summary>What a kernel thread waits for.</summary>
internal enum Wait
{
    /// <summary>Nothing: it runs, is ready to, or has not begun.</summary>
    None,

    /// <summary>The other threads of its group.</summary>
    Group,

    /// <summary>The other lanes of its warp.</summary>
    Warp,

    /// <summary>Nothing any more: it has returned.</summary>
    Returned,
}
