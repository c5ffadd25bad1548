using Engine.Kernels.Pool;
using static Engine.Tests.Operations.Draws;
using static Engine.Tests.Operations.Tolerance;

namespace Engine.Tests.Operations;

/// <summary>
/// Pooling and changes of size of images: channels beside the widths of vectors, windows side by side, overlapping, apart and cut by the
/// border.
/// </summary>
internal static class PoolCases
{
    private static readonly (Shape Images, PoolWindow Window)[] s_pools =
    [
        ([1, 1, 1, 1], PoolWindow.Square(1)),
        ([2, 4, 4, 3], PoolWindow.Square(2)),
        ([1, 5, 7, 2], PoolWindow.Square(2)),
        ([1, 5, 5, 17], PoolWindow.Square(3, 2, 1)),
        ([2, 3, 4, 1], PoolWindow.Square(3, 1, 1)),
        ([1, 7, 6, 2], PoolWindow.Square(2, 3)),
        ([1, 6, 5, 2], new PoolWindow(3, 2, 1, 2, new(2, 1, 0, 1))),
        ([3, 2, 5, 1], new PoolWindow(1, 4, 1, 1, new(0, 0, 3, 0))),
        ([1, 3, 3, 16], new PoolWindow(3, 3, 3, 3)),
        ([1, 2, 2, 33], PoolWindow.Square(2, 1, 1)),
        ([0, 4, 4, 3], PoolWindow.Square(2)),
        ([2, 4, 4, 0], PoolWindow.Square(2)),
        ([5, 23, 29, 19], PoolWindow.Square(3, 2, 1)),
    ];

    private static readonly (Shape Images, int Factor)[] s_scales =
    [
        ([1, 1, 1, 1], 1), ([1, 1, 1, 3], 4), ([2, 3, 4, 3], 2), ([1, 2, 3, 17], 3), ([1, 5, 1, 2], 2), ([1, 3, 3, 16], 1),
        ([2, 2, 2, 1], 5), ([0, 3, 3, 2], 2), ([5, 17, 13, 19], 2),
    ];

    private static readonly (Shape Images, int Height, int Width)[] s_sizes =
        [([1, 3, 4, 2], 5, 9), ([2, 5, 4, 1], 3, 4), ([1, 7, 2, 3], 2, 11), ([1, 6, 5, 17], 1, 1)];

    internal static IEnumerable<OperationCase> All() => [.. s_pools.SelectMany(pool => Pools(pool.Images, pool.Window)), .. Scales()];

    private static IEnumerable<OperationCase> Pools(Shape images, PoolWindow window)
    {
        int area = window.Height * window.Width;
        yield return Pool("Tensor.AvgPool2d", $"{images} {window}", images, window, Any, x => x.AvgPool2d(window), (places, x, y, at) =>
        {
            foreach (int place in places) y.Add(at, x[place] / area);
        }, Terms(area));
        yield return Pool("Tensor.AvgPool2d", $"{images} {window} of what is inside", images, window, Any,
            x => x.AvgPool2d(window, countPadding: false), (places, x, y, at) =>
        {
            foreach (int place in places) y.Add(at, x[place] / places.Length);
        }, Terms(area));
        yield return Pool(
            "Tensor.MaxPool2d", $"{images} {window}", images, window, Apart, x => x.MaxPool2d(window), (places, x, y, at) =>
                y.Values[at] = places.Max(place => x[place]), Exact) with
        {
            Kinks = "equal elements",
        };
    }

    private static OperationCase Pool(
        string operation, string variant, Shape images, PoolWindow window, Draw draw, Func<Tensor, Tensor> function,
        Action<int[], double[], Expected, int> element, Tolerance tolerance)
    {
        int height = ((images[1] + window.Padding.Top + window.Padding.Bottom - window.Height) / window.StrideHeight) + 1;
        int width = ((images[2] + window.Padding.Left + window.Padding.Right - window.Width) / window.StrideWidth) + 1;
        Shape output = [images[0], height, width, images[3]];
        return new OperationCase(operation, variant, [new Input(images, draw)], x => function(x[0]), x =>
        {
            Expected y = new(output.Count);
            int[][] all = Places.All(output);
            for (int i = 0; i < all.Length; i++)
            {
                List<int> inside = [];
                for (int ky = 0; ky < window.Height; ky++)
                {
                    for (int kx = 0; kx < window.Width; kx++)
                    {
                        int row = (all[i][1] * window.StrideHeight) + ky - window.Padding.Top,
                            column = (all[i][2] * window.StrideWidth) + kx - window.Padding.Left;
                        if (row >= 0 && row < images[1] && column >= 0 && column < images[2]) inside.Add(
                            Places.At(images, [all[i][0], row, column, all[i][3]]));
                    }
                }

                element([.. inside], x[0], y, i);
            }

            return y;
        }, tolerance);
    }

    private static IEnumerable<OperationCase> Scales()
    {
        foreach ((Shape images, int factor) in s_scales)
        {
            Shape output = [images[0], images[1] * factor, images[2] * factor, images[3]];
            yield return new OperationCase(
                "Tensor.UpsampleNearest2d",
                $"{images} times {factor}",
                [new Input(images, Any)],
                x => x[0].UpsampleNearest2d(factor),
                x => new Expected(Array.ConvertAll(
                    Places.All(output), at => x[0][Places.At(images, [at[0], at[1] / factor, at[2] / factor, at[3]])])),
                Terms(factor * factor));
            yield return Bilinear($"{images} times {factor}", images, output, x => x.UpsampleBilinear2d(factor));
        }

        foreach ((Shape images, int height, int width) in s_sizes)
            yield return Bilinear($"{images} to {height} x {width}", images, [images[0], height, width, images[3]],
                x => x.UpsampleBilinear2d(height, width));
    }

    private static OperationCase Bilinear(string variant, Shape images, Shape output, Func<Tensor, Tensor> function) => new(
        "Tensor.UpsampleBilinear2d",
        variant,
        [new Input(images, Any)],
        x => function(x[0]),
        x =>
        {
            Expected y = new(output.Count);
            int[][] all = Places.All(output);
            for (int i = 0; i < all.Length; i++)
            {
                (int top, int bottom, double down) = Between(images[1], output[1], all[i][1]);
                (int left, int right, double across) = Between(images[2], output[2], all[i][2]);
                Add(top, left, (1 - down) * (1 - across));
                Add(top, right, (1 - down) * across);
                Add(bottom, left, down * (1 - across));
                Add(bottom, right, down * across);

                void Add(int row, int column, double weight) =>
                    y.Add(i, weight * x[0][Places.At(images, [all[i][0], row, column, all[i][3]])]);
            }

            return y;
        },
        Terms(4));

    /// <summary>The two inputs that an output lies between, and how far it is on the way from the first to the second.</summary>
    private static (int Low, int High, double Way) Between(int inputs, int outputs, int output)
    {
        double place = Math.Clamp(((output + 0.5) * inputs / outputs) - 0.5, 0, inputs - 1);
        int low = (int)Math.Floor(place);
        return (low, Math.Min(low + 1, inputs - 1), place - low);
    }
}
