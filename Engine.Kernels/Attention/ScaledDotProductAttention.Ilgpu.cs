using Engine.Kernels.Devices;
using Engine.Kernels.Lanes;
using ILGPU;

namespace Engine.Kernels.Attention;

// What all GPU kernels of attention are told.
public static partial class ScaledDotProductAttention
{
    private static void ForwardOnIlgpu(
        GpuDevice device, AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp)
    {
        if (output.DType == DType.Float32) ForwardOnIlgpu<FloatScalar>(device, q, k, v, shape, output, logSumExp);
        else ForwardOnIlgpu<DoubleScalar>(device, q, k, v, shape, output, logSumExp);
    }

    private static void BackwardOnIlgpu(
        GpuDevice device, AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp,
        Storage g,
        AttentionRows? dq, AttentionRows? dk, AttentionRows? dv)
    {
        if (g.DType == DType.Float32) BackwardOnIlgpu<FloatScalar>(device, q, k, v, shape, output, logSumExp, g, dq, dk, dv);
        else BackwardOnIlgpu<DoubleScalar>(device, q, k, v, shape, output, logSumExp, g, dq, dk, dv);
    }

    /// <summary>The extents as GPU kernels take them; an item is a head of a sequence.</summary>
    internal readonly struct Walk(AttentionShape shape)
    {
        private readonly int _isCausal = shape.IsCausal ? 1 : 0;

        internal readonly int Heads = shape.Heads, Queries = shape.Queries, Keys = shape.Keys, Width = shape.Width,
            Items = shape.Batch * shape.Heads, Channels = shape.Channels;

        /// <summary>How many keys a query attends to.</summary>
        internal int Visible(int query) => _isCausal != 0 ? query + 1 + Keys - Queries : Keys;

        /// <summary>The first query that attends to a key.</summary>
        internal int FirstQuery(int key) => _isCausal != 0 ? IntrinsicMath.Max(0, key - (Keys - Queries)) : 0;

        /// <summary>Where the row of a query is in the contiguous output.</summary>
        internal int OutputRow(int item, int query) => ((((item / Heads) * Queries) + query) * Channels) + (item % Heads * Width);
    }

    /// <summary>Where rows lie.</summary>
    internal readonly struct Place(AttentionRows rows)
    {
        private readonly int _start = rows.Start, _batchPitch = rows.BatchPitch;
        private readonly int _isWide = (rows.Start | rows.Pitch | rows.BatchPitch) % 4 == 0 ? 1 : 0;

        internal readonly int Pitch = rows.Pitch;

        /// <summary>Whether four neighbours of a row can be read at once.</summary>
        internal bool IsWide(Walk walk) => _isWide != 0 && (walk.Width & 3) == 0;

        internal int Head(Walk walk, int item) => _start + (item / walk.Heads * _batchPitch) + (item % walk.Heads * walk.Width);
    }

    /// <summary>Where the three inputs lie.</summary>
    internal readonly struct Inputs(Place q, Place k, Place v)
    {
        internal readonly Place Q = q, K = k, V = v;
    }
}
