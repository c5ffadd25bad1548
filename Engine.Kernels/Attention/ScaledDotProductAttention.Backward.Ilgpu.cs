using System.Runtime.CompilerServices;
using Engine.Kernels.Devices;
using Engine.Kernels.Gemm.Gpu;
using Engine.Kernels.Lanes;
using Engine.Kernels.Mapping;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Attention;

// The derivative, as in FlashAttention-2 (Dao 2023, arXiv:2307.08691): the weights P are made again from the log-sum-exps, and with D =
// rowsum(dO O)
//
//   dV = Pᵀ dO,   dP = dO Vᵀ,   dS = P (dP - D) scale,   dQ = dS K,   dK = dSᵀ Q
//
// One kernel walks over the keys for dQ, three products; another over the queries for dK and dV together, four products. So no two threads
// add to one element, and the order of each sum is fixed. Heads that are wider than 64 numbers are cut among groups, which compute the
// weights again.
public static partial class ScaledDotProductAttention
{
    private const int RowsOfGroup = GroupThreads / 16;

    private static void BackwardOnIlgpu<TLane>(
        GpuDevice device, AttentionRows q, AttentionRows k, AttentionRows v, AttentionShape shape, Storage output, Storage logSumExp,
        Storage g,
        AttentionRows? dq, AttentionRows? dk, AttentionRows? dv)
        where TLane : unmanaged, ILane<TLane>
    {
        Storage sums = device.Allocate(g.DType, (int)shape.Rows);
        try
        {
            Walk walk = new(shape);
            Inputs inputs = new(new(q), new(k), new(v));
            Place gradient = new(new AttentionRows(g, 0, shape.Channels, shape.Queries * shape.Channels));
            ArrayView<TLane> queries = GpuStorage.ViewOf<TLane>(q.Storage), keys = GpuStorage.ViewOf<TLane>(k.Storage),
                values = GpuStorage.ViewOf<TLane>(v.Storage);
            ArrayView<TLane> logs = GpuStorage.ViewOf<TLane>(logSumExp), ofOutput = GpuStorage.ViewOf<TLane>(g),
                rowSums = GpuStorage.ViewOf<TLane>(sums);
            if (shape.Queries > 0)
            {
                Action<Walk, int, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> sumKernel = RowSumKernel;
                device.Launcher(sumKernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    new KernelConfig(((int)shape.Rows + RowsOfGroup - 1) / RowsOfGroup, GroupThreads), walk, (int)shape.Rows, ofOutput,
                    GpuStorage.ViewOf<TLane>(output), rowSums);
            }

            if (dq is { } toQ && shape.Queries > 0)
            {
                Action<Walk, Inputs, Place, Place, TLane, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>,
                    ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = QueryKernel;
                device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    Groups(shape, shape.Queries), walk, inputs, gradient, new Place(toQ), TLane.Of(shape.Scale), queries, keys, values,
                    ofOutput, logs, rowSums,
                    GpuStorage.ViewOf<TLane>(toQ.Storage));
            }

            if (dk is not null || dv is not null)
            {
                Action<Walk, Inputs, KeyGradients, TLane, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>,
                    ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>, ArrayView<TLane>> kernel = KeyKernel;
                device.Launcher(kernel, static (accelerator, kernel) => accelerator.LoadStreamKernel(kernel))(
                    Groups(shape, shape.Keys), walk, inputs, new KeyGradients(gradient, dk, dv), TLane.Of(shape.Scale), queries, keys,
                    values, ofOutput, logs, rowSums,
                    GpuStorage.ViewOf<TLane>(dk?.Storage ?? g), GpuStorage.ViewOf<TLane>(dv?.Storage ?? g));
            }
        }
        finally
        {
            sums.Release();
        }
    }

    /// <summary>Half a warp computes D = rowsum(dO O) of a query: neighbours read neighbours.</summary>
    private static void RowSumKernel<TLane>(Walk walk, int rows, ArrayView<TLane> g, ArrayView<TLane> output, ArrayView<TLane> sums)
        where TLane : unmanaged, ILane<TLane>
    {
        int row = (Grid.IdxX * RowsOfGroup) + (Group.IdxX / 16), x = Group.IdxX % 16;
        TLane sum = TLane.Of(0);
        if (row < rows)
        {
            int at = walk.OutputRow(row / walk.Queries, row % walk.Queries);
            for (int i = x; i < walk.Width; i += 16) sum = TLane.MulAdd(g[at + i], output[at + i], sum);
        }

        for (int distance = 8; distance > 0; distance /= 2) sum += Warp.ShuffleXor(sum, distance);
        if (x == 0 && row < rows) sums[row] = sum;
    }

    /// <summary>A group computes up to 64 columns of 64 rows of dQ.</summary>
    private static void QueryKernel<TLane>(
        Walk walk, Inputs inputs, Place gradient, Place ofResult, TLane scale, ArrayView<TLane> q, ArrayView<TLane> k, ArrayView<TLane> v,
        ArrayView<TLane> g, ArrayView<TLane> logSumExp,
        ArrayView<TLane> rowSums, ArrayView<TLane> dq)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<Four<TLane>> many = SharedMemory.Allocate<Four<TLane>>(Deep * ManyLine),
            few = SharedMemory.Allocate<Four<TLane>>(Deep * FewLine);
        ArrayView<Four<TLane>> weights = SharedMemory.Allocate<Four<TLane>>(Few * ManyLine),
            values = SharedMemory.Allocate<Four<TLane>>(Few * ValueLine);
        int x = Group.IdxX % 16, y = Group.IdxX / 16, first = Grid.IdxX * Many, firstColumn = Grid.IdxY * Columns, query = first + (4 * y),
            column = firstColumn + (4 * x);
        for (int item = Grid.IdxZ; item < walk.Items; item += Grid.DimZ)
        {
            int headQ = inputs.Q.Head(walk, item), headK = inputs.K.Head(walk, item), headV = inputs.V.Head(walk, item),
                headG = gradient.Head(walk, item);
            Four<TLane> c0 = Fours.Of(TLane.Of(0)), c1 = c0, c2 = c0, c3 = c0;
            Four<TLane> log = Fours.Load(logSumExp, (item * walk.Queries) + query, walk.Queries - query, false, TLane.Of(0));
            Four<TLane> sum = Fours.Load(rowSums, (item * walk.Queries) + query, walk.Queries - query, false, TLane.Of(0));
            int end = walk.Visible(IntrinsicMath.Min(first + Many, walk.Queries) - 1);
            for (int key = 0; key < end; key += Few)
            {
                MultiplyRows(walk, many, few, q, inputs.Q, headQ, first, walk.Queries, k, inputs.K, headK, key, walk.Keys,
                    out Four<TLane> even, out Four<TLane> odd);
                MultiplyRows(walk, many, few, g, gradient, headG, first, walk.Queries, v, inputs.V, headV, key, walk.Keys,
                    out Four<TLane> evenG, out Four<TLane> oddG);
                Take(walk, values, k, inputs.K, headK, key, walk.Keys, firstColumn);
                int own = key + (2 * x);
                weights[(2 * x * ManyLine) + y] = new(
                    Weight(walk, query, own, scale, even.X, log.X) * (evenG.X - sum.X) * scale,
                    Weight(walk, query + 1, own, scale, even.Y, log.Y) * (evenG.Y - sum.Y) * scale,
                    Weight(walk, query + 2, own, scale, even.Z, log.Z) * (evenG.Z - sum.Z) * scale,
                    Weight(walk, query + 3, own, scale, even.W, log.W) * (evenG.W - sum.W) * scale);
                own++;
                weights[(((2 * x) + 1) * ManyLine) + y] = new(
                    Weight(walk, query, own, scale, odd.X, log.X) * (oddG.X - sum.X) * scale,
                    Weight(walk, query + 1, own, scale, odd.Y, log.Y) * (oddG.Y - sum.Y) * scale,
                    Weight(walk, query + 2, own, scale, odd.Z, log.Z) * (oddG.Z - sum.Z) * scale,
                    Weight(walk, query + 3, own, scale, odd.W, log.W) * (oddG.W - sum.W) * scale);
                Group.Barrier();
                AddWeighted(weights, values, ref c0, ref c1, ref c2, ref c3);
            }

            int at = ofResult.Head(walk, item);
            WriteRow(walk, dq, ofResult, at, query, walk.Queries, column, c0);
            WriteRow(walk, dq, ofResult, at, query + 1, walk.Queries, column, c1);
            WriteRow(walk, dq, ofResult, at, query + 2, walk.Queries, column, c2);
            WriteRow(walk, dq, ofResult, at, query + 3, walk.Queries, column, c3);
        }
    }

    /// <summary>A group computes up to 64 columns of 64 rows of dK and of dV, or of what is wanted of the two.</summary>
    private static void KeyKernel<TLane>(
        Walk walk, Inputs inputs, KeyGradients gradients, TLane scale, ArrayView<TLane> q, ArrayView<TLane> k, ArrayView<TLane> v,
        ArrayView<TLane> g, ArrayView<TLane> logSumExp,
        ArrayView<TLane> rowSums, ArrayView<TLane> dk, ArrayView<TLane> dv)
        where TLane : unmanaged, ILane<TLane>
    {
        ArrayView<Four<TLane>> many = SharedMemory.Allocate<Four<TLane>>(Deep * ManyLine),
            few = SharedMemory.Allocate<Four<TLane>>(Deep * FewLine);
        ArrayView<Four<TLane>> weights = SharedMemory.Allocate<Four<TLane>>(Few * ManyLine),
            values = SharedMemory.Allocate<Four<TLane>>(Few * ValueLine);
        int x = Group.IdxX % 16, y = Group.IdxX / 16, first = Grid.IdxX * Many, firstColumn = Grid.IdxY * Columns, key = first + (4 * y),
            column = firstColumn + (4 * x);
        for (int item = Grid.IdxZ; item < walk.Items; item += Grid.DimZ)
        {
            int headQ = inputs.Q.Head(walk, item), headK = inputs.K.Head(walk, item), headV = inputs.V.Head(walk, item),
                headG = gradients.OfOutput.Head(walk, item);
            Four<TLane> k0 = Fours.Of(TLane.Of(0)), k1 = k0, k2 = k0, k3 = k0, v0 = k0, v1 = k0, v2 = k0, v3 = k0;

            // Queries before the first key of the tile do not attend to any of it.
            for (int query = walk.FirstQuery(first) / Few * Few; query < walk.Queries; query += Few)
            {
                int own = query + (2 * x), atOwn = (item * walk.Queries) + own;
                MultiplyRows(walk, many, few, k, inputs.K, headK, first, walk.Keys, q, inputs.Q, headQ, query, walk.Queries,
                    out Four<TLane> even, out Four<TLane> odd);
                TLane evenLog = own < walk.Queries ? logSumExp[atOwn] : TLane.Of(0),
                    oddLog = own + 1 < walk.Queries ? logSumExp[atOwn + 1] : TLane.Of(0);
                even = new(
                    Weight(walk, own, key, scale, even.X, evenLog), Weight(walk, own, key + 1, scale, even.Y, evenLog),
                    Weight(walk, own, key + 2, scale, even.Z, evenLog), Weight(walk, own, key + 3, scale, even.W, evenLog));
                odd = new(
                    Weight(walk, own + 1, key, scale, odd.X, oddLog), Weight(walk, own + 1, key + 1, scale, odd.Y, oddLog),
                    Weight(walk, own + 1, key + 2, scale, odd.Z, oddLog), Weight(walk, own + 1, key + 3, scale, odd.W, oddLog));
                if (gradients.HasValues != 0)
                {
                    Take(walk, values, g, gradients.OfOutput, headG, query, walk.Queries, firstColumn);
                    weights[(2 * x * ManyLine) + y] = even;
                    weights[(((2 * x) + 1) * ManyLine) + y] = odd;
                    Group.Barrier();
                    AddWeighted(weights, values, ref v0, ref v1, ref v2, ref v3);
                }

                if (gradients.HasKeys != 0)
                {
                    MultiplyRows(walk, many, few, v, inputs.V, headV, first, walk.Keys, g, gradients.OfOutput, headG, query, walk.Queries,
                        out Four<TLane> evenG, out Four<TLane> oddG);
                    TLane evenSum = own < walk.Queries ? rowSums[atOwn] : TLane.Of(0),
                        oddSum = own + 1 < walk.Queries ? rowSums[atOwn + 1] : TLane.Of(0);
                    Take(walk, values, q, inputs.Q, headQ, query, walk.Queries, firstColumn);
                    weights[(2 * x * ManyLine) + y] = new(
                        even.X * (evenG.X - evenSum) * scale, even.Y * (evenG.Y - evenSum) * scale, even.Z * (evenG.Z - evenSum) * scale,
                        even.W * (evenG.W - evenSum) * scale);
                    weights[(((2 * x) + 1) * ManyLine) + y] = new(
                        odd.X * (oddG.X - oddSum) * scale, odd.Y * (oddG.Y - oddSum) * scale, odd.Z * (oddG.Z - oddSum) * scale,
                        odd.W * (oddG.W - oddSum) * scale);
                    Group.Barrier();
                    AddWeighted(weights, values, ref k0, ref k1, ref k2, ref k3);
                }
            }

            if (gradients.HasKeys != 0)
            {
                int at = gradients.K.Head(walk, item);
                WriteRow(walk, dk, gradients.K, at, key, walk.Keys, column, k0);
                WriteRow(walk, dk, gradients.K, at, key + 1, walk.Keys, column, k1);
                WriteRow(walk, dk, gradients.K, at, key + 2, walk.Keys, column, k2);
                WriteRow(walk, dk, gradients.K, at, key + 3, walk.Keys, column, k3);
            }

            if (gradients.HasValues != 0)
            {
                int at = gradients.V.Head(walk, item);
                WriteRow(walk, dv, gradients.V, at, key, walk.Keys, column, v0);
                WriteRow(walk, dv, gradients.V, at, key + 1, walk.Keys, column, v1);
                WriteRow(walk, dv, gradients.V, at, key + 2, walk.Keys, column, v2);
                WriteRow(walk, dv, gradients.V, at, key + 3, walk.Keys, column, v3);
            }
        }
    }

    /// <summary>P of a query and a key, e^(scale score - log-sum-exp); 0 where the query does not attend to the key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLane Weight<TLane>(Walk walk, int query, int key, TLane scale, TLane score, TLane log)
        where TLane : unmanaged, ILane<TLane> =>
        query < walk.Queries && key < walk.Keys && key < walk.Visible(query) ? LaneMath.Exp((scale * score) - log) : TLane.Of(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteRow<TLane>(
        Walk walk, ArrayView<TLane> to, Place place, int head, int row, int rows, int column, Four<TLane> four)
        where TLane : unmanaged, ILane<TLane>
    {
        if (row < rows) Fours.Store(to, head + (row * place.Pitch) + column, walk.Width - column, place.IsWide(walk), four);
    }

    /// <summary>Where the gradients of keys and values go, those that are wanted, and where that of the output lies.</summary>
    internal readonly struct KeyGradients(Place ofOutput, AttentionRows? k, AttentionRows? v)
    {
        internal readonly Place OfOutput = ofOutput, K = k is { } toK ? new(toK) : default, V = v is { } toV ? new(toV) : default;

        internal readonly int HasKeys = k is null ? 0 : 1, HasValues = v is null ? 0 : 1;
    }
}
