using Engine.Kernels.Attention.Gpu;
using Engine.Kernels.Attention.Host;

namespace Engine.Kernels.Attention;

/// <summary>
/// Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762), softmax(Q Kᵀ / sqrt(width)) V for each head, fused as in
/// FlashAttention (Dao et al. 2022, arXiv:2205.14135): the matrix of all weights is never in memory. The forward pass keeps
/// log(sum(e^scores)) of each query, from which the backward pass recomputes the weights of a block of queries. The number of threads never
/// changes a bit.
/// </summary>
public static class ScaledDotProductAttention
{
    /// <summary>O = softmax(Q Kᵀ scale) V.</summary>
    /// <param name="q">The queries, [batch, queries, heads, width] with strides of their own.</param>
    /// <param name="k">The keys.</param>
    /// <param name="v">The values.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="output">Receives [batch, queries, heads, width], contiguous.</param>
    /// <param name="logSumExp">Receives [2, batch, heads, queries]: log(sum(e^(scores scale))) of each row, then what these lack
    /// because they were rounded, which is more than 1 where scores are 10^8.</param>
    /// <exception cref="ArgumentException">Devices, types, lengths or extents do not fit.</exception>
    public static void Forward(AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp)
    {
        const string Operation = "ScaledDotProductAttention.Forward";
        Device device = Check(Operation, q, k, v, shape, (nameof(output), output, shape.OutputLength),
            (nameof(logSumExp), logSumExp, 2 * shape.Rows));
        if (shape.Rows == 0) return;
        LaneDispatch.Run(
            device, output.DType, new HostAttention.Forward(q, k, v, shape, output, logSumExp),
            new AttentionForward(q, k, v, shape, output, logSumExp));
    }

    /// <summary>
    /// The derivative. With P = e^(Q Kᵀ scale - logSumExp), dP = dO Vᵀ and dS = P (dP - rowsum(P dP)) scale: dQ = dS K, dK = dSᵀ Q,
    /// dV = Pᵀ dO.
    /// </summary>
    /// <param name="q">The queries of the forward pass.</param>
    /// <param name="k">The keys.</param>
    /// <param name="v">The values.</param>
    /// <param name="shape">The extents.</param>
    /// <param name="output">The output of the forward pass.</param>
    /// <param name="logSumExp">What the forward pass kept.</param>
    /// <param name="g">The gradient of the output, contiguous as that is.</param>
    /// <param name="dq">Receives the gradient of the queries; null where it is not wanted.</param>
    /// <param name="dk">Receives the gradient of the keys; null where it is not wanted.</param>
    /// <param name="dv">Receives the gradient of the values; null where it is not wanted.</param>
    /// <exception cref="ArgumentException">Devices, types, lengths or extents do not fit.</exception>
    public static void Backward(
        AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp, Storage g,
        AttentionRows? dq, AttentionRows? dk, AttentionRows? dv)
    {
        const string Operation = "ScaledDotProductAttention.Backward";
        Device device = Check(
            Operation, q, k, v, shape, (nameof(output), output, shape.OutputLength), (nameof(logSumExp), logSumExp, 2 * shape.Rows),
            (nameof(g), g, shape.OutputLength));
        CheckGradient(nameof(dq), dq, shape.Queries);
        CheckGradient(nameof(dk), dk, shape.Keys);
        CheckGradient(nameof(dv), dv, shape.Keys);
        if (shape.Batch == 0) return;
        LaneDispatch.Run(
            device, g.DType, new HostAttention.Backward(q, k, v, shape, logSumExp, g, dq, dk, dv),
            new AttentionBackward(q, k, v, shape, output, logSumExp, g, dq, dk, dv));

        void CheckGradient(string name, AttentionRows? rows, int time)
        {
            if (rows is not { } there) return;
            Arguments.OneDevice(Operation, g, there.Storage);
            Arguments.OneType(Operation, g, there.Storage);
            there.Check(Operation, name, shape, time);
        }
    }

    /// <summary>What total = maximum + log lacks because it was rounded; 0 where it is infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static V Remainder<V>(V maximum, V log, V total) where V : unmanaged, ILane<V> =>
        V.SelectEqual(total - total, V.Of(0), (maximum - total) + log, V.Of(0));

    private static Device Check(
        string operation, in AttentionRows q, in AttentionRows k, in AttentionRows v, in AttentionShape shape,
        params ReadOnlySpan<(string Name, Storage Storage, long Length)> others)
    {
        shape.Check(operation);
        Arguments.OneDevice(operation, q.Storage, k.Storage, v.Storage);
        DType type = Arguments.OneType(operation, q.Storage, k.Storage, v.Storage);
        if (type == DType.Int32) throw new ArgumentException($"{operation}: takes {DType.Float32} or {DType.Float64}, found {type}.");
        foreach ((string name, Storage storage, long length) in others)
        {
            Arguments.OneDevice(operation, q.Storage, storage);
            Arguments.OneType(operation, q.Storage, storage);
            Arguments.Length(operation, name, storage, length);
        }

        q.Check(operation, nameof(q), shape, shape.Queries);
        k.Check(operation, nameof(k), shape, shape.Keys);
        v.Check(operation, nameof(v), shape, shape.Keys);
        return q.Storage.Device;
    }
}
