using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using F = TorchSharp.torch.nn.functional;
using Network = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>
/// A Transformer of 4 layers of 4 heads, 128 wide, on 12 pieces of 64 characters of 65; its table of embeddings is the output's matrix too.
/// AdamW, gradients clipped to a norm of 1.
/// </summary>
internal static class Gpt
{
    private const int Vocabulary = 65, Block = 64, Layers = 4, Heads = 4, Width = 128, Batch = 12;

    internal static Func<double[]> Step()
    {
        TorchSharp.Modules.Embedding tokens = Embedding(Vocabulary, Width), positions = Embedding(Block, Width);
        Network layers = Sequential([.. Enumerable.Range(0, Layers).Select(_ => new Layer())]);
        Network norm = LayerNorm(Width);
        Module[] parts = [tokens, positions, layers, norm];
        TorchSharp.Modules.Parameter[] parameters = [.. parts.SelectMany(part => part.parameters())];
        foreach (TorchSharp.Modules.Parameter p in parameters.Where(p => p.dim() > 1)) init.normal_(p, 0, 0.02);
        optim.Optimizer adam = optim.AdamW(parameters, 1e-3, 0.9, 0.99, weight_decay: 0.1);
        Func<Tensor> pieces = TrainingSteps.Pool(() => randint(0, Vocabulary, [Batch, Block + 1], int64));
        return () =>
        {
            Tensor piece = pieces(), inputs = piece.narrow(1, 0, Block), targets = piece.narrow(1, 1, Block);
            Tensor x = layers.forward(tokens.forward(inputs) + positions.weight!);
            Tensor loss = F.cross_entropy(F.linear(norm.forward(x), tokens.weight!).flatten(0, 1), targets.flatten());
            adam.zero_grad();
            loss.backward();
            nn.utils.clip_grad_norm_(parameters, 1);
            adam.step();
            return [loss.item<float>()];
        };
    }

    /// <summary>Attention and two linear layers with GELU, each after a normalisation and added to its input.</summary>
    private sealed class Layer : Network
    {
        private readonly Network _norm1 = LayerNorm(Width), _norm2 = LayerNorm(Width);
        private readonly Network _qkv = Linear(Width, 3 * Width, hasBias: false), _output = Linear(Width, Width, hasBias: false);
        private readonly Network _expand = Linear(Width, 4 * Width, hasBias: false), _contract = Linear(4 * Width, Width, hasBias: false);

        internal Layer() : base("layer") => RegisterComponents();

        public override Tensor forward(Tensor x)
        {
            long batch = x.shape[0], time = x.shape[1];
            Tensor[] parts = _qkv.forward(_norm1.forward(x)).split(Width, 2);
            Tensor[] qkv = [.. parts.Select(part => part.view(batch, time, Heads, Width / Heads).transpose(1, 2))];
            Tensor attended = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], is_casual: true);
            x = x + _output.forward(attended.transpose(1, 2).reshape(batch, time, Width));
            return x + _contract.forward(F.gelu(_expand.forward(_norm2.forward(x))));
        }
    }
}
