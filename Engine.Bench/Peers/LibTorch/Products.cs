using System.Globalization;
using TorchSharp;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>Matrix products; TorchSharp has no form with a given result, so each call takes its result from libtorch's allocator.</summary>
internal static class Products
{
    /// <summary>Times a product.</summary>
    /// <param name="seconds">For how long.</param>
    /// <param name="what">M, N, K and the form: NN, NT or TN, where T says that the matrix is stored transposed.</param>
    internal static double[] Times(double seconds, string[] what)
    {
        long[] sizes = [.. what.Take(3).Select(size => long.Parse(size, CultureInfo.InvariantCulture))];
        (long m, long n, long k, string form) = (sizes[0], sizes[1], sizes[2], what[3]);
        using IDisposable grad = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        torch.Tensor a = form[0] == 'T' ? torch.rand(k, m).t() : torch.rand(m, k);
        torch.Tensor b = form[1] == 'T' ? torch.rand(n, k).t() : torch.rand(k, n);
        return Serving.Timed(() => torch.mm(a, b).Dispose(), seconds);
    }
}
