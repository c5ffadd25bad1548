using Engine.Kernels.Attention;

namespace Engine.Tests.Attention;

/// <summary>The tiles of attention on a GPU, beside the host.</summary>
[Collection("simulator")]
public sealed class AttentionSimulatorTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    [Theory, Rows("1 1 66 66 20 true, 1 2 66 33 5 false, 2 1 3 5 68 false, 1 1 3 41 7 true")]
    public void Tiles_of_queries_and_keys_agree_with_the_host(int batch, int heads, int queries, int keys, int width, bool causal)
    {
        AttentionShape shape = new(batch, heads, queries, keys, width, causal);
        int channels = heads * width, outputs = batch * queries * channels, rows = 2 * batch * heads * queries;
        float[] q = TwoDevices.Random<float>(outputs, 3, 1), k = TwoDevices.Random<float>(batch * keys * channels, 1, 2),
            v = TwoDevices.Random<float>(batch * keys * channels, 1, 3);
        devices.Agree<float>(4e-6, 1, outputs, (s, y) => Run(s, y, outputIsResult: true), q, k, v, new float[rows]);
        devices.Agree<float>(4e-6, 1, rows, (s, y) => Run(s, y, outputIsResult: false), q, k, v, new float[outputs]);

        void Run(Storage[] s, Storage result, bool outputIsResult) => ScaledDotProductAttention.Forward(
            new(s[0], 0, channels, queries * channels), new(s[1], 0, channels, keys * channels), new(s[2], 0, channels, keys * channels),
            shape, outputIsResult ? result : s[3],
            outputIsResult ? s[3] : result);
    }

    [Theory, Rows("1 1 66 66 20 true, 1 1 66 33 5 false, 2 1 3 5 68 false, 1 1 3 41 7 true, 1 2 35 66 4 true")]
    public void Tiles_of_gradients_agree_with_the_host(int batch, int heads, int queries, int keys, int width, bool causal)
    {
        AttentionShape shape = new(batch, heads, queries, keys, width, causal);
        int channels = heads * width, ofQueries = batch * queries * channels, ofKeys = batch * keys * channels;
        float[] q = TwoDevices.Random<float>(ofQueries, 3, 1), k = TwoDevices.Random<float>(ofKeys, 1, 2),
            v = TwoDevices.Random<float>(ofKeys, 1, 3), g = TwoDevices.Random<float>(ofQueries, 1, 4);
        // All three at once, one behind the other; and each alone.
        devices.Agree<float>(1e-5, 1, ofQueries + (2 * ofKeys),
            (s, d) => Run(s, Rows(d, queries), Rows(d, keys, ofQueries), Rows(d, keys, ofQueries + ofKeys)), q, k, v, g);
        if (KernelDevice.IsSimulator && queries > 3) return;
        devices.Agree<float>(1e-5, 1, ofQueries, (s, dq) => Run(s, Rows(dq, queries), null, null), q, k, v, g);
        devices.Agree<float>(1e-5, 1, ofKeys, (s, dk) => Run(s, null, Rows(dk, keys), null), q, k, v, g);
        devices.Agree<float>(1e-5, 1, ofKeys, (s, dv) => Run(s, null, null, Rows(dv, keys)), q, k, v, g);

        void Run(Storage[] s, AttentionRows? dq, AttentionRows? dk, AttentionRows? dv)
        {
            Storage output = s[0].Device.Allocate(DType.Float32, ofQueries),
                logs = s[0].Device.Allocate(DType.Float32, 2 * batch * heads * queries);
            AttentionRows ofQ = Rows(s[0], queries), ofK = Rows(s[1], keys), ofV = Rows(s[2], keys);
            ScaledDotProductAttention.Forward(ofQ, ofK, ofV, shape, output, logs);
            ScaledDotProductAttention.Backward(ofQ, ofK, ofV, shape, output, logs, s[3], dq, dk, dv);
            output.Release();
            logs.Release();
        }

        AttentionRows Rows(Storage storage, int time, int first = 0) => new(storage, first, channels, time * channels);
    }
}
