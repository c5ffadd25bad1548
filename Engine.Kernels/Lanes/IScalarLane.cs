namespace Engine.Kernels.Lanes;

/// <summary>A lane that is one number: kernels for GPUs may branch on it.</summary>
/// <typeparam name="TSelf">The lane type itself.</typeparam>
internal interface IScalarLane<TSelf> : ILane<TSelf> where TSelf : unmanaged, IScalarLane<TSelf>
{
    /// <summary>a &lt; b; false when either is NaN.</summary>
    static abstract bool IsLess(TSelf a, TSelf b);
}
