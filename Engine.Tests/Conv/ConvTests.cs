using Engine.Kernels.Conv;
using Engine.Tests.Gemm;

namespace Engine.Tests.Conv;

public sealed class ConvTests
{
    public static TheoryData<int, string> Cases => ConvReference.Numbered(s_shapes);

    /// <summary>
    /// 1, primes, batches beside the tile's rows (4, 8), channels beside vectors (8, 16) and panels (24, 48), strides 1 to 3, dilation,
    /// groups, all kinds of padding, kernels that hang over on all sides, and images that are larger than a block.
    /// </summary>
    private static readonly Conv2dShape[] s_shapes =
    [
        new(1, 1, 1, 1, 1, 1, 1),
        new(0, 5, 4, 3, 2, 3, 3),
        new(2, 5, 7, 3, 2, 3, 2),
        new(7, 4, 5, 3, 17, 3, 3, Padding: Conv2dPadding.All(1)),
        new(8, 6, 6, 5, 48, 5, 5, 2, 2, Conv2dPadding.All(2)),
        new(9, 7, 5, 16, 49, 3, 3, 1, 1, Conv2dPadding.Symmetric(1, 2)),
        new(64, 4, 4, 8, 20, 3, 3, 2, 2, Conv2dPadding.Same(4, 4, 3, 3, 2, 2)),
        new(3, 11, 13, 2, 24, 5, 3, 3, 2, new Conv2dPadding(2, 0, 1, 3)),
        new(5, 9, 10, 7, 13, 3, 3, 1, 2, Conv2dPadding.All(2), 2, 1),
        new(2, 14, 12, 4, 6, 3, 3, 2, 2, Conv2dPadding.All(3), 3, 2),
        new(2, 10, 10, 3, 5, 4, 4, 4, 4, Conv2dPadding.All(1), 2, 2),
        new(3, 6, 5, 6, 9, 3, 3, Padding: Conv2dPadding.All(1), Groups: 3),
        new(2, 5, 5, 36, 18, 3, 3, 2, 2, Conv2dPadding.All(1), Groups: 2),
        new(9, 5, 6, 7, 7, 3, 3, Padding: Conv2dPadding.All(1), Groups: 7),
        new(2, 3, 3, 5, 4, 7, 7, Padding: Conv2dPadding.All(3)),
        new(4, 6, 6, 1, 33, 5, 5, 2, 2, Conv2dPadding.All(2)),
        new(9, 8, 7, 64, 1, 7, 7, Padding: Conv2dPadding.All(3)),
        new(2, 9, 9, 20, 3, 3, 3, 2, 2, Conv2dPadding.All(1)),
        new(3, 7, 9, 1, 1, 3, 3, Padding: Conv2dPadding.All(1)),
        new(5, 6, 6, 1, 40, 5, 5, Padding: Conv2dPadding.All(6)),
        new(5, 6, 6, 40, 2, 3, 3, Padding: Conv2dPadding.All(4)),
        new(2, 7, 7, 40, 2, 1, 1, 2, 2),
        new(2, 7, 7, 30, 60, 1, 1),
        new(1, 40, 37, 9, 10, 3, 3, Padding: Conv2dPadding.All(1)),
        new(1, 61, 30, 1, 10, 3, 3, Padding: Conv2dPadding.All(1)),
        new(1, 61, 30, 10, 1, 3, 3, Padding: Conv2dPadding.All(1)),
        new(1, 1, 200, 8, 8, 1, 5, 1, 2, new Conv2dPadding(0, 0, 4, 0)),
        new(17, 2, 2, 97, 8, 2, 2, 2, 2),

        // Masked: types A and B, whole rows alone, channels for every form, strides, dilation, groups, padding that cropping makes
        // negative.
        new(3, 6, 5, 9, 17, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 4 },
        new(9, 6, 7, 8, 48, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 5 },
        new(2, 8, 9, 16, 16, 7, 7, Padding: Conv2dPadding.All(3)) { MaskedTaps = 24 },
        new(3, 9, 8, 1, 24, 7, 7, Padding: Conv2dPadding.All(3)) { MaskedTaps = 25 },
        new(3, 9, 8, 12, 1, 5, 5, Padding: Conv2dPadding.All(2)) { MaskedTaps = 12 },
        new(3, 7, 8, 12, 2, 5, 5, 2, 2, Padding: Conv2dPadding.All(2)) { MaskedTaps = 13 },
        new(2, 6, 6, 10, 12, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 6 },
        new(2, 6, 6, 10, 12, 3, 3, Padding: Conv2dPadding.All(1)) { MaskedTaps = 3 },
        new(2, 5, 6, 10, 12, 1, 3, Padding: Conv2dPadding.Symmetric(0, 1)) { MaskedTaps = 2 },
        new(2, 9, 10, 10, 12, 3, 3, Padding: Conv2dPadding.All(2), DilationHeight: 2, DilationWidth: 2) { MaskedTaps = 4 },
        new(2, 9, 10, 9, 12, 5, 5, 3, 2, Padding: Conv2dPadding.All(1), Groups: 3) { MaskedTaps = 8 },
        new(2, 9, 10, 9, 12, 3, 5, 2, 3, DilationHeight: 2) { MaskedTaps = 13 },
        new(0, 5, 4, 3, 2, 3, 3) { MaskedTaps = 4 },
    ];

    [Theory, MemberData(nameof(Cases))]
    public void Every_product_agrees_with_the_definition_in_float(int index, string shape)
    {
        Assert.NotEmpty(shape);
        new ConvCase<float>(s_shapes[index], index)
            .CheckAll(1e-6, index % 2 == 0, Activations.All[index % Activations.All.Length], index % 3 == 0);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Every_product_agrees_with_the_definition_in_double(int index, string shape)
    {
        Assert.NotEmpty(shape);
        new ConvCase<double>(s_shapes[index], index)
            .CheckAll(4e-15, index % 2 == 1, Activations.All[(index + 2) % Activations.All.Length], index % 3 == 1);
    }
}
