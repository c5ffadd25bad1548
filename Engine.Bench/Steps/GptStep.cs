using Engine.Autograd;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels;
using Engine.Models.Autoregressive.Text;

namespace Engine.Bench.Steps;

/// <summary>
/// A decoder-only Transformer in nanoGPT's setting for a CPU: 4 layers of 4 heads, 128 wide, 12 pieces of 64 characters of 65, AdamW,
/// gradients clipped.
/// </summary>
internal sealed class GptStep : ITrainingStep
{
    private const int Batch = 12, Time = 64, Vocabulary = 65;
    private readonly Device _device;
    private readonly Transformer _model;
    private readonly AdamW _optimizer;
    private readonly (int[] Inputs, int[] Targets)[] _pool;
    private int _next;

    private GptStep(Device device)
    {
        _device = device;
        _model = new Transformer(new TransformerOptions(Vocabulary) { Block = Time }, ModuleOptions.FromSeed(1, device));
        _optimizer = new AdamW(_model.Parameters, 1e-3, 0.9, 0.99, weightDecay: 0.1);
        Random random = new(1);
        _pool = [.. Enumerable.Range(0, 8).Select(_ => Draw())];

        (int[] Inputs, int[] Targets) Draw()
        {
            int[][] pieces = [.. Enumerable.Range(0, Batch)
                .Select(_ => Enumerable.Range(0, Time + 1).Select(_ => random.Next(Vocabulary)).ToArray())];
            return ([.. pieces.SelectMany(piece => piece[..^1])], [.. pieces.SelectMany(piece => piece[1..])]);
        }
    }

    internal static GptStep Create(Device device) => new(device);

    public double[] Step()
    {
        (int[] inputs, int[] targets) = _pool[_next++ % _pool.Length];
        using Tape tape = new(_device);
        Tensor loss = _model.Loss(Tensor.From(inputs, [Batch, Time]), Tensor.From(targets, [Batch, Time]));
        Tensor[] gradients = tape.Gradients(loss, _model.Parameters);
        GradientClipping.ByNorm(gradients, 1);
        _optimizer.Step(gradients);
        return [loss.Item()];
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
    }
}
