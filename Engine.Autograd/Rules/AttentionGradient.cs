using Engine.Kernels;
using Engine.Kernels.Attention;
using Engine.Kernels.Gemm;
using Engine.Kernels.Rows;

namespace Engine.Autograd.Rules;

/// <summary>
/// The gradients of an attention in differentiable operations, with the matrix of all weights, for gradients of gradients.
/// </summary>
internal sealed class AttentionGradient(Tensor queries, Tensor keys, Tensor values, AttentionShape shape)
{
    /// <summary>dQ = dS K.</summary>
    internal Tensor Queries(Tensor g) => Joined(OfScores(g).MatMul(Heads(keys)));

    /// <summary>dK = dSᵀ Q.</summary>
    internal Tensor Keys(Tensor g) => Joined(OfScores(g).MatMul(Heads(queries), transposeThis: true));

    /// <summary>dV = Pᵀ dO.</summary>
    internal Tensor Values(Tensor g) => Joined(Weights().MatMul(Heads(g), transposeThis: true));

    /// <summary>P = softmax(Q Kᵀ scale + mask). The mask is a choice, so that no score that it hides is seen, NaN or not.</summary>
    private Tensor Weights()
    {
        Tensor scores = Heads(queries).MatMul(Heads(keys), transposeOther: true) * shape.Scale;
        return (shape.IsCausal ? Visible(scores) + Mask(scores.DType, 0, double.NegativeInfinity) : scores).Softmax();
    }

    /// <summary>0 where a key comes after the query.</summary>
    private Tensor Visible(Tensor x) => shape.IsCausal ? x.WeightedBy(Mask(x.DType, 1, 0)) : x;

    /// <summary>dS = P (dP - rowsum(P dP)) scale, dP = dO Vᵀ.</summary>
    private Tensor OfScores(Tensor g)
    {
        Tensor weights = Weights(), products = Visible(Heads(g).MatMul(Heads(values), transposeOther: true));
        Tensor sums = (weights * products).Sum(-1).Reshape(weights.Shape.With(-1, 1));
        return weights * (products - sums) * shape.Scale;
    }

    /// <summary>[batch, time, channels] to [batch, heads, time, width].</summary>
    private Tensor Heads(Tensor x) => x.Reshape(x.Shape[0], x.Shape[1], shape.Heads, shape.Width).Permute(0, 2, 1, 3);

    /// <summary>[batch, heads, time, width] to [batch, time, channels].</summary>
    private Tensor Joined(Tensor x) => x.Permute(0, 2, 1, 3).Reshape(x.Shape[0], x.Shape[2], shape.Channels);

    /// <summary>One value where a query attends to a key, another where the key comes after it: [queries, keys].</summary>
    private Tensor Mask(DType type, double visible, double hidden)
    {
        double[] mask = new double[shape.Queries * shape.Keys];
        Array.Fill(mask, visible);
        for (int query = 0; query < shape.Queries; query++)
            mask.AsSpan((query * shape.Keys) + query + 1 + shape.Keys - shape.Queries, shape.Queries - query - 1)
                .Fill(hidden);
        return type == DType.Float64 ? Tensor.From(mask, [shape.Queries, shape.Keys])
            : Tensor.From(Array.ConvertAll(mask, x => (float)x), [shape.Queries, shape.Keys]);
    }
}
