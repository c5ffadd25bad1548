namespace Engine.Tests.Tensors;

public sealed class ShapeErrorTests
{
    private static readonly (string Name, string Message, Action<Func<int[], Tensor>> Use)[] s_mistakes =
    [
        ("Add", "Add: shapes [2, 3] and [4] do not broadcast.", t => _ = t([2, 3]) + t([4])),
        ("Subtract", "Subtract: shapes [2, 3] and [2] do not broadcast.", t => _ = t([2, 3]) - t([2])),
        ("Multiply", "Multiply: shapes [3] and [4, 1, 2] do not broadcast.", t => _ = t([3]) * t([4, 1, 2])),
        ("Divide", "Divide: shapes [5] and [3] do not broadcast.", t => _ = t([5]) / t([3])),
        ("Maximum", "Maximum: shapes [5] and [3] do not broadcast.", t => Tensor.Maximum(t([5]), t([3]))),
        ("Minimum", "Minimum: shapes [5] and [3] do not broadcast.", t => Tensor.Minimum(t([5]), t([3]))),
        ("MatMul, inner", "MatMul: shapes [2, 3] and [4, 5] do not fit: the inner extents are 3 and 4.", t => t([2, 3]).MatMul(t([4, 5]))),
        ("MatMul, transposed", "MatMul: shapes [2, 3]^T and [4, 5]^T do not fit: the inner extents are 2 and 5.",
            t => t([2, 3]).MatMul(t([4, 5]), true, true)),
        ("MatMul, outer", "MatMul: shapes [7, 2, 3] and [6, 3, 5] do not fit: the outer axes differ.",
            t => t([7, 2, 3]).MatMul(t([6, 3, 5]))),
        ("MatMul, rank", "MatMul: shapes [3] and [3, 5] do not fit: each needs at least two axes.", t => t([3]).MatMul(t([3, 5]))),
        ("Linear", "Linear: input [2, 3], weight [4, 5] and bias none do not fit: expected [..., inputs], [inputs, outputs] and [outputs].",
            t => t([2, 3]).Linear(t([4, 5]))),
        ("Linear, bias", "Linear: input [2, 3], weight [3, 5] and bias [4] do not fit: expected [..., inputs], [inputs, outputs] and "
            + "[outputs].", t => t([2, 3]).Linear(t([3, 5]), t([4]))),
        ("Reshape, shape", "Reshape: shape [2, 3] has 6 elements, [4, 2] has 8.", t => t([2, 3]).Reshape(new Shape(4, 2))),
        ("Reshape", "Reshape: shape [2, 3] has 6 elements, which do not fill [4, 2].", t => t([2, 3]).Reshape(4, 2)),
        ("Permute", "Permute: the axes of shape [2, 3] must each be named once, found [0, 0].", t => t([2, 3]).Permute(0, 0)),
        ("Transpose", "Transpose: needs at least two axes, found shape [3].", t => t([3]).Transpose()),
        ("Slice", "Slice: places 2 to 5 leave axis 1 of shape [2, 3].", t => t([2, 3]).Slice(1, 2, 3)),
        ("Slice, axis", "Slice: axis 2 is not an axis of shape [2, 3].", t => t([2, 3]).Slice(2, 0, 1)),
        ("Pad, axis", "Pad: axis -3 is not an axis of shape [2, 3].", t => t([2, 3]).Pad(-3, 0, 1)),
        ("Concat", "Concat: shapes [2, 3] and [2, 4] differ in more than axis 0.", t => Tensor.Concat(0, t([2, 3]), t([2, 4]))),
        ("Concat, none", "Concat: needs at least one tensor.", _ => Tensor.Concat(0)),
        ("BroadcastTo", "BroadcastTo: shape [2, 3] does not broadcast to [2, 4].", t => t([2, 3]).BroadcastTo([2, 4])),
        ("SumTo", "SumTo: shape [4] does not broadcast to [2, 3].", t => t([2, 3]).SumTo([4])),
        ("Gather", "Gather: indices must be Int32, found Float32.", t => t([2, 3]).Gather(t([1]))),
        ("ScatterAdd", "ScatterAdd: 2 rows of 3 are needed, found shape [2, 4].",
            t => t([2, 4]).ScatterAdd(Tensor.From([0, 1], [2]), [5, 3])),
        ("Sum, axis", "Sum: axis 2 is not an axis of shape [2, 3].", t => t([2, 3]).Sum(2)),
        ("Variance, axis", "Variance: axis -3 is not an axis of shape [2, 3].", t => t([2, 3]).Variance(-3)),
        ("ArgMax, axis", "ArgMax: axis 2 is not an axis of shape [2, 3].", t => t([2, 3]).ArgMax(2)),
        ("Softmax", "Softmax: needs at least one axis, found a scalar.", t => t([]).Softmax()),
        ("BinaryCrossEntropy", "BinaryCrossEntropy: predictions [2] and targets [2, 1] must have one shape.",
            t => Loss.BinaryCrossEntropy(t([2]), t([2, 1]))),
        ("BinaryCrossEntropyFromLogits", "BinaryCrossEntropyFromLogits: predictions [2] and targets [3] must have one shape.",
            t => Loss.BinaryCrossEntropyFromLogits(t([2]), t([3]))),
        ("MeanSquaredError", "MeanSquaredError: predictions [3, 1] and targets [3] must have one shape.",
            t => Loss.MeanSquaredError(t([3, 1]), t([3]))),
        ("L1", "L1: predictions [] and targets [1] must have one shape.", t => Loss.L1(t([]), t([1]))),
        ("L1, larger", "L1: predictions [2, 3] and targets [1, 3] must have one shape.", t => Loss.L1(t([2, 3]), t([1, 3]))),
        ("Reparameterize", "Reparameterize: mean [2], log-variance [3] and noise [2] must have one shape.",
            t => Sampling.Reparameterize(t([2]), t([3]), t([2]))),
        ("AddNoise", "AddNoise: images [2, 3] and noise [3, 2] must have one shape.",
            t => Sampling.AddNoise(NoiseSchedule.Linear(), t([2, 3]), t([3, 2]), [1, 2])),
        ("AddNoise, steps", "AddNoise: 3 steps for images [2, 3]: one step for each sample of the first axis is needed.",
            t => Sampling.AddNoise(NoiseSchedule.Linear(), t([2, 3]), t([2, 3]), [1, 2, 3])),
        ("types", "Add: the arguments hold Float32 [2] and Float64 [2]; convert one with Cast.",
            t => _ = t([2]) + Tensor.Ones([2], DType.Float64)),
        ("types of a product", "MatMul: the arguments hold Float32 [2, 2] and Float64 [2, 2]; convert one with Cast.",
            t => t([2, 2]).MatMul(Tensor.Ones([2, 2], DType.Float64))),
        ("From", "From: shape [2, 3] has 6 elements, found 5 values.", _ => Tensor.From([1f, 2, 3, 4, 5], [2, 3])),
    ];

    public static TheoryData<string> Mistakes => [.. s_mistakes.Select(mistake => mistake.Name)];

    [Theory, MemberData(nameof(Mistakes))]
    public void A_mistake_is_told_with_the_operation_and_the_shapes(string name)
    {
        (_, string message, Action<Func<int[], Tensor>> use) = s_mistakes.Single(mistake => mistake.Name == name);
        using Tape tape = new(OperationDevices.Cpu);
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(() => use(extents => Tensor.Ones(new Shape(extents))));
        Assert.StartsWith(message, error.Message);
    }
}
