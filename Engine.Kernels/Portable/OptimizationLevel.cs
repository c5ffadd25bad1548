namespace ILGPU;

/// <summary>How hard ILGPU's compiler works. O1 is its default.</summary>
internal enum OptimizationLevel
{
    Debug = 0,
    O0 = Debug,
    Release = 1,
    O1 = Release,
    O2 = 2,
}
