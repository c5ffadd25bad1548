namespace Engine.Tests.Devices;

public sealed class ShapeTests
{
    [Fact]
    public void Extents_and_strides_are_row_major()
    {
        Shape shape = [2, 3, 4];
        Assert.Equal(24, shape.Count);
        Assert.Equal(4, shape[-1]);
        Assert.Equal(12, shape.Stride(0));
        Assert.Equal(1, shape.Stride(-1));
        Assert.Equal("[2, 3, 4]", shape.ToString());
    }

    [Fact]
    public void A_scalar_has_one_element() => Assert.Equal((0, 1), (Shape.Scalar.Rank, Shape.Scalar.Count));

    [Fact]
    public void Shapes_with_the_same_extents_are_equal()
    {
        Assert.Equal(new Shape(2, 3), new Shape([2, 3]));
        Assert.NotEqual(new Shape(2, 3), new Shape(2, 3, 1));
        Assert.Equal(new Shape(2, 3).GetHashCode(), new Shape(2, 3).GetHashCode());
    }

    [Fact]
    public void Bad_extents_are_named()
    {
        Refused("must not be negative, found [1, -2]", () => new Shape(1, -2));
        Refused("at most 2147483647 elements, empty axes left out, found [0, 2147483647, 2147483647]",
            () => new Shape(0, int.MaxValue, int.MaxValue));
        Refused("at most 2147483647 elements, empty axes left out, found [2147483647, 2147483647, 0]",
            () => new Shape(int.MaxValue, int.MaxValue, 0));
        Assert.Equal(0, new Shape(0, int.MaxValue).Count);
        Refused("at most 6 axes, found 7", () => new Shape(1, 1, 1, 1, 1, 1, 1));
        Refused("[65536, 65536]", () => new Shape(65536, 65536));
        Refused<ArgumentOutOfRangeException>("Expected an axis of shape [4, 5], found axis 2", () => _ = new Shape(4, 5)[2]);
    }

    [Theory]
    [InlineData(new[] { 4, 1 }, new[] { 3 }, new[] { 4, 3 })]
    [InlineData(new int[0], new[] { 2, 2 }, new[] { 2, 2 })]
    [InlineData(new[] { 1, 5, 1 }, new[] { 7, 1, 2 }, new[] { 7, 5, 2 })]
    [InlineData(new[] { 0, 1 }, new[] { 1, 3 }, new[] { 0, 3 })]
    public void Extents_of_one_are_stretched(int[] a, int[] b, int[] result)
    {
        Assert.True(Shape.TryBroadcast(new Shape(a), new Shape(b), out Shape both));
        Assert.Equal(new Shape(result), both);
    }

    [Fact]
    public void Other_extents_are_not() => Assert.False(Shape.TryBroadcast([2, 3], [2], out _));
}
