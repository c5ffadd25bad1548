using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Network = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Engine.Bench.Peers.LibTorch;

/// <summary>Eight affine couplings of vectors with masks of every other element, trained on the density under normal latents.</summary>
internal static class Couplings
{
    internal static Func<double[]> Step(int elements, int hidden, int batch)
    {
        (Network Net, Tensor Kept)[] parts = [.. Enumerable.Range(0, 8).Select(i => (
            (Network)Sequential(Linear(elements, hidden), ReLU(true), Linear(hidden, hidden), ReLU(true), Linear(hidden, 2 * elements)),
            (arange(elements) + i).remainder(2).to(float32)))];
        optim.Optimizer adam = optim.Adam(parts.SelectMany(part => part.Net.parameters()), 1e-4);
        Func<Tensor> vectors = TrainingSteps.Pool(() => rand(batch, elements));
        double constant = 0.5 * elements * Math.Log(2 * Math.PI);
        return () =>
        {
            Tensor x = vectors(), total = zeros(batch);
            adam.zero_grad();
            foreach ((Network net, Tensor mask) in parts)
            {
                Tensor kept = x * mask, changed = 1 - mask;
                Tensor[] scaleAndShift = net.forward(kept).chunk(2, 1);
                Tensor logScale = tanh(scaleAndShift[0]) * changed;
                x = kept + (changed * ((x * exp(logScale)) + scaleAndShift[1]));
                total = total + logScale.sum(1);
            }

            Tensor loss = ((0.5 * x.square().sum(1)) + constant - total).mean();
            loss.backward();
            adam.step();
            return [loss.item<float>()];
        };
    }
}
