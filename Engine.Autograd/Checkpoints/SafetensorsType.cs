namespace Engine.Autograd.Checkpoints;

/// <summary>The element types that are read from safetensors files, under their names in the format.</summary>
public enum SafetensorsType
{
    /// <summary>One byte, 0 or 1.</summary>
    BOOL,

    /// <summary>8-bit unsigned integers.</summary>
    U8,

    /// <summary>8-bit signed integers.</summary>
    I8,

    /// <summary>16-bit signed integers.</summary>
    I16,

    /// <summary>IEEE 754 binary16.</summary>
    F16,

    /// <summary>The upper half of an IEEE 754 binary32.</summary>
    BF16,

    /// <summary>32-bit signed integers.</summary>
    I32,

    /// <summary>IEEE 754 binary32.</summary>
    F32,

    /// <summary>64-bit signed integers.</summary>
    I64,

    /// <summary>IEEE 754 binary64.</summary>
    F64,
}
