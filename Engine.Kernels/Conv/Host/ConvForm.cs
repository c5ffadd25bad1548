namespace Engine.Kernels.Conv.Host;

/// <summary>The forms of a convolution on the host; <c>ENGINE_KERNEL=conv-host:N</c> names them by number.</summary>
internal enum ConvForm
{
    /// <summary>Chosen by the shape.</summary>
    ByShape,

    /// <summary>As defined.</summary>
    Direct,

    /// <summary>By Winograd's transform, where it is possible.</summary>
    Winograd,
}
