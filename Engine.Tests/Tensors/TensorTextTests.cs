namespace Engine.Tests.Tensors;

public sealed class TensorTextTests : IsolatedTests
{
    [Fact]
    public void A_tensor_is_written_with_its_elements()
    {
        using Tape tape = new(Cpu);
        Assert.Equal("Float32 [2, 2] on cpu: [[1, 2.5], [-3, NaN]]", Tensor.From([1f, 2.5f, -3f, float.NaN], [2, 2]).ToString());
        Assert.Equal("Float64 [] on cpu: 0.333333", Tensor.From([1.0 / 3], []).ToString());
        Assert.Equal("Int32 [3] on cpu: [7, -2147483648, 0]", Tensor.From([7, int.MinValue, 0], [3]).ToString());
        Assert.Equal("Float32 [2, 0] on cpu: [[], []]", Tensor.Zeros([2, 0]).ToString());
    }

    [Fact]
    public void Of_a_large_tensor_both_ends_of_each_axis_are_written()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([.. Enumerable.Range(0, 2000)], [20, 100]);
        Assert.StartsWith("Int32 [20, 100] on cpu: [[0, 1, 2, ..., 97, 98, 99], [100, 101,", x.ToString());
        Assert.EndsWith("..., 1997, 1998, 1999]]", x.ToString());
        Assert.Equal(5, x.ToString().Split("], [").Length);
    }

    [Fact]
    public void One_that_was_released_is_still_named()
    {
        Tensor x;
        using (Tape tape = new(Cpu)) x = Tensor.Ones([2]);
        Assert.Equal("Float32 [2] on cpu, released", x.ToString());
    }

    [Theory]
    [InlineData(new float[] { 0, 0 }, 0, new float[] { 0, 0 })]
    [InlineData(new float[] { 3, 4 }, 5, new float[] { 0.6f, 0.8f })]
    [InlineData(new float[] { 3e30f, 4e30f }, 5e30, new float[] { 0.6f, 0.8f })]
    [InlineData(new float[] { 3e-30f, -4e-30f }, 5e-30, new float[] { 0.6f, -0.8f })]
    [InlineData(new float[] { float.PositiveInfinity, 1 }, double.PositiveInfinity, null)]
    [InlineData(new float[] { float.NaN, 1 }, double.NaN, null)]
    public void A_norm_and_its_gradient_are_right_at_zero_and_where_squares_overflow(float[] x, double norm, float[]? gradient)
    {
        using Tape tape = new(Cpu);
        Tensor vector = Tensor.From(x, [2]);
        tape.Watch(vector);
        Tensor length = vector.Norm();
        if (gradient is null)
        {
            Assert.Equal((float)norm, length.ToArray()[0]);
            return;
        }

        Assert.Equal((float)norm, length.ToArray()[0], 1e-6f * (float)norm);
        float[] found = tape.Gradients(length, [vector])[0].ToArray();
        for (int i = 0; i < 2; i++) Assert.Equal(gradient[i], found[i], 1e-6f);
    }

    [Fact]
    public void What_is_not_chosen_stays_out_of_values_and_gradients()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([float.NaN, 2, float.PositiveInfinity], [3]), other = Tensor.From([5f, float.NaN, 7], [3]);
        tape.Watch(x);
        tape.Watch(other);
        Tensor y = Tensor.Where(Tensor.From([0f, 1, 0], [3]), x, other);
        Assert.Equal([5, 2, 7], y.ToArray());
        Tensor[] gradients = tape.Gradients(y.Sum(), [x, other]);
        Assert.Equal([0, 1, 0], gradients[0].ToArray());
        Assert.Equal([1, 0, 1], gradients[1].ToArray());
        Assert.Equal([0, 0, 1, 1], Tensor.From([float.NaN, 1, 2, 3], [4]).GreaterOrEqual(2).ToArray());
        Assert.Equal([1, 1, 1, 0], Tensor.From([float.NaN, 1, 2, 3], [4]).NotEqual(3).ToArray());
    }

    [Fact]
    public void Parts_of_an_axis_are_what_Concat_puts_together()
    {
        using Tape tape = new(Cpu);
        Tensor x = Tensor.From([.. Enumerable.Range(0, 12)], [2, 6]);
        Tensor[] parts = x.Split(-1, 1, 3, 0, 2);
        Assert.Equal([1, 2, 3, 7, 8, 9], parts[1].ToInts());
        Assert.Equal(x.ToInts(), Tensor.Concat(1, parts).ToInts());
        ArgumentException wrong = Assert.Throws<ArgumentException>(() => x.Split(1, 2, 3));
        Assert.Equal("Split: expected lengths that fill axis 1 of shape [2, 6], found [2, 3].", wrong.Message);
    }
}
