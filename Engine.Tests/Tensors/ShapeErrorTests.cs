namespace Engine.Tests.Tensors;

public sealed class ShapeErrorTests
{
    private static readonly ModuleOptions s_options = ModuleOptions.FromSeed(1, OperationDevices.Cpu);

    private static readonly (string Name, string Message, Action<Func<int[], Tensor>> Use)[] s_mistakes =
    [
        ("Add", "Add: expected shapes that broadcast, found [2, 3] and [4].", t => _ = t([2, 3]) + t([4])),
        ("Subtract", "Subtract: expected shapes that broadcast, found [2, 3] and [2].", t => _ = t([2, 3]) - t([2])),
        ("Multiply", "Multiply: expected shapes that broadcast, found [3] and [4, 1, 2].", t => _ = t([3]) * t([4, 1, 2])),
        ("Divide", "Divide: expected shapes that broadcast, found [5] and [3].", t => _ = t([5]) / t([3])),
        ("Maximum", "Maximum: expected shapes that broadcast, found [5] and [3].", t => Tensor.Maximum(t([5]), t([3]))),
        ("Minimum", "Minimum: expected shapes that broadcast, found [5] and [3].", t => Tensor.Minimum(t([5]), t([3]))),
        ("MatMul, inner", "MatMul: expected [..., M, K] and [..., K, N], found [2, 3] and [4, 5]: the inner extents are 3 and 4.",
            t => t([2, 3]).MatMul(t([4, 5]))),
        ("MatMul, transposed", "MatMul: expected [..., M, K] and [..., K, N], found [2, 3]^T and [4, 5]^T: the inner extents are 2 and 5.",
            t => t([2, 3]).MatMul(t([4, 5]), true, true)),
        ("MatMul, outer", "MatMul: expected [..., M, K] and [..., K, N], found [7, 2, 3] and [6, 3, 5]: the outer axes differ.",
            t => t([7, 2, 3]).MatMul(t([6, 3, 5]))),
        ("MatMul, rank", "MatMul: expected [..., M, K] and [..., K, N], found [3] and [3, 5]: each needs at least two axes.",
            t => t([3]).MatMul(t([3, 5]))),
        ("Linear", "Linear: expected an input [..., inputs], a weight [inputs, outputs] and a bias [outputs], found [2, 3], [4, 5] and "
            + "no bias.",
            t => t([2, 3]).Linear(t([4, 5]))),
        ("Linear, bias", "Linear: expected an input [..., inputs], a weight [inputs, outputs] and a bias [outputs], found [2, 3], "
            + "[3, 5] and [4].", t => t([2, 3]).Linear(t([3, 5]), t([4]))),
        ("Reshape, shape", "Reshape: expected a shape of 6 elements for shape [2, 3], found [4, 2] of 8.",
            t => t([2, 3]).Reshape(new Shape(4, 2))),
        ("Reshape", "Reshape: expected extents of 6 elements for shape [2, 3], found [4, 2].", t => t([2, 3]).Reshape(4, 2)),
        ("Permute", "Permute: the axes of shape [2, 3] must each be named once, found [0, 0].", t => t([2, 3]).Permute(0, 0)),
        ("Transpose", "Transpose: needs at least two axes, found shape [3].", t => t([3]).Transpose()),
        ("Slice", "Slice: expected places of axis 1 of shape [2, 3], found 2 to 5.", t => t([2, 3]).Slice(1, 2, 3)),
        ("Slice, axis", "Slice: expected an axis of shape [2, 3], found axis 2.", t => t([2, 3]).Slice(2, 0, 1)),
        ("Pad, axis", "Pad: expected an axis of shape [2, 3], found axis -3.", t => t([2, 3]).Pad(-3, 0, 1)),
        ("Concat", "Concat: expected shapes that differ in axis 0 alone, found [2, 3] and [2, 4].",
            t => Tensor.Concat(0, t([2, 3]), t([2, 4]))),
        ("Concat, none", "Concat: expected at least one tensor, found none.", _ => Tensor.Concat(0)),
        ("BroadcastTo", "BroadcastTo: expected a shape that [2, 3] broadcasts to, found [2, 4].", t => t([2, 3]).BroadcastTo([2, 4])),
        ("SumTo", "SumTo: expected a shape that broadcasts to [2, 3], found [4].", t => t([2, 3]).SumTo([4])),
        ("Gather", "Gather: expected indices of Int32, found Float32 [1].", t => t([2, 3]).Gather(t([1]))),
        ("ScatterAdd", "ScatterAdd: expected 2 rows of 3 elements, found shape [2, 4].",
            t => t([2, 4]).ScatterAdd(Tensor.From([0, 1], [2]), [5, 3])),
        ("Sum, axis", "Sum: expected an axis of shape [2, 3], found axis 2.", t => t([2, 3]).Sum(2)),
        ("Variance, axis", "Variance: expected an axis of shape [2, 3], found axis -3.", t => t([2, 3]).Variance(-3)),
        ("ArgMax, axis", "ArgMax: expected an axis of shape [2, 3], found axis 2.", t => t([2, 3]).ArgMax(2)),
        ("Softmax", "Softmax: needs at least one axis, found a scalar.", t => t([]).Softmax()),
        ("BinaryCrossEntropy", "BinaryCrossEntropy: expected predictions and targets of one shape, found [2] and [2, 1].",
            t => Loss.BinaryCrossEntropy(t([2]), t([2, 1]))),
        ("BinaryCrossEntropyFromLogits", "BinaryCrossEntropyFromLogits: expected predictions and targets of one shape, found [2] and [3].",
            t => Loss.BinaryCrossEntropyFromLogits(t([2]), t([3]))),
        ("MeanSquaredError", "MeanSquaredError: expected predictions and targets of one shape, found [3, 1] and [3].",
            t => Loss.MeanSquaredError(t([3, 1]), t([3]))),
        ("L1", "L1: expected predictions and targets of one shape, found [] and [1].", t => Loss.L1(t([]), t([1]))),
        ("L1, larger", "L1: expected predictions and targets of one shape, found [2, 3] and [1, 3].", t => Loss.L1(t([2, 3]), t([1, 3]))),
        ("Reparameterize", "Reparameterize: expected a mean, a log-variance and noise of one shape, found [2], [3] and [2].",
            t => Sampling.Reparameterize(t([2]), t([3]), t([2]))),
        ("AddNoise", "AddNoise: expected images and noise of one shape, found [2, 3] and [3, 2].",
            t => Sampling.AddNoise(NoiseSchedule.Linear(), t([2, 3]), t([3, 2]), [1, 2])),
        ("AddNoise, steps", "AddNoise: expected one step for each sample of the first axis, found 3 steps for images [2, 3].",
            t => Sampling.AddNoise(NoiseSchedule.Linear(), t([2, 3]), t([2, 3]), [1, 2, 3])),
        ("types", "Add: expected arguments of one type, found Float32 [2] and Float64 [2]; convert one with Cast.",
            t => _ = t([2]) + Tensor.Ones([2], DType.Float64)),
        ("types of a product", "MatMul: expected arguments of one type, found Float32 [2, 2] and Float64 [2, 2]; convert one with Cast.",
            t => t([2, 2]).MatMul(Tensor.Ones([2, 2], DType.Float64))),
        ("too many elements", "Add: expected shapes that broadcast to at most 2147483647 elements, found [65536, 1] and [65536].",
            t => _ = t([65536, 1]) + t([65536])),
        ("too many elements of a product", "MatMul: A shape has at most 2147483647 elements, empty axes left out, found [65536, 65536].",
            t => t([65536, 0]).MatMul(t([0, 65536]))),
        ("too many places", "Concat: expected an axis of at most 2147483647 places, found 2147483648.",
            t => Tensor.Concat(1, t([0, 1 << 30]), t([0, 1 << 30]))),
        ("int32, operator", "Multiply: expected Float32 or Float64, found Int32 [2]; convert it with Cast.",
            t => _ = 2 * Tensor.From([1, 2], [2])),
        ("int32, power", "Pow: expected Float32 or Float64, found Int32 [2]; convert it with Cast.", _ => Tensor.From([1, 2], [2]).Pow(3)),
        ("CrossEntropy, rows", "CrossEntropy: expected at least one axis for Reduction.Rows, found a scalar.",
            t => Loss.CrossEntropy(t([3]), Tensor.From([1], []), reduction: Reduction.Rows)),
        ("CrossEntropy, mean", "CrossEntropy: expected at least one element to average, found shape [0].",
            t => Loss.CrossEntropy(t([0, 3]), Tensor.From(Array.Empty<int>(), [0]))),
        ("Conv1d", "Conv1d: the stride, the dilation and the number of groups must be at least 1, found 0, 1 and 1.",
            t => t([1, 4, 2]).Conv1d(t([3, 2, 2]), stride: 0)),
        ("Conv1d, padding", "Conv1d: the kernel must fit into the padded sequence, found 3 taps with a dilation of 2 and 4 places with a "
            + "padding of 0 and 0.", t => t([1, 4, 2]).Conv1d(t([3, 2, 2]), dilation: 2)),
        ("ConvTranspose2d, stride", "ConvTranspose2d: expected a result of at most 2147483647 elements, found 3221225475 x 3221225475.",
            t => t([1, 4, 4, 2]).ConvTranspose2d(t([3, 3, 2, 2]), options: new(1 << 30))),
        ("ConvTranspose2d, same", "ConvTranspose2d: expected a result of at most 2147483647 elements, found 4294967296 x 4294967296.",
            t => t([1, 4, 4, 2]).ConvTranspose2d(t([3, 3, 2, 2]), options: new(1 << 30, ConvPadding.Same))),
        ("UpsampleNearest2d", "UpsampleNearest2d: expected a factor of at most 4096, found 5000.",
            t => t([0, 1, 1, 1]).UpsampleNearest2d(5000)),
        ("layer, Linear", "Linear: inputs must be at least 1, found 0.", _ => new Linear(0, 3, s_options)),
        ("layer, Lstm", "Lstm: expected [batch, steps, 2] with at least one sequence and one step, found [0, 4, 2].",
            t => new Lstm(2, 3, s_options).Forward(t([0, 4, 2]))),
        ("layer, Gru", "Gru: expected [batch, steps, 2] with at least one sequence and one step, found [3, 0, 2].",
            t => new Gru(2, 3, s_options).Forward(t([3, 0, 2]))),
        ("layer, MaxPool2d", "MaxPool2d: the extents of the window and its strides must be at least 1, found a window of 0 x 0",
            _ => new MaxPool2d(0)),
        ("layer, Conv2d", "Conv2d: padding must not be negative, found -1.", _ => new Conv2d(1, 1, 3, s_options, padding: -1)),
        ("layer, ConvTranspose2d", "ConvTranspose2d: output padding must be at least 0 and less than the stride, found 1 x 1 for a stride "
            + "of 1 x 1.", _ => new ConvTranspose2d(1, 1, 3, s_options, outputPadding: 1)),
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
