using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;

namespace Engine.Models.Files;

/// <summary>Draws of latents, and passes of networks over them.</summary>
internal static class NormalDraws
{
    /// <summary>Values from N(0, 1).</summary>
    internal static float[] Of(int count, RandomStream random)
    {
        using Tape tape = new(Device.Default, record: false);
        return Tensor.Normal([count], random).ToArray();
    }

    /// <summary>What a network makes of latents [count, latent], on the device of its weights.</summary>
    internal static float[] Through(Module network, float[] latents, int count, Func<Tensor, Tensor> forward)
    {
        Parameter any = network.Parameters[0];
        using Tape tape = new(any.Device, record: false);
        return forward(Tensor.From(latents, [count, latents.Length / count]).Cast(any.DType)).Cast(DType.Float32).ToArray();
    }

    /// <summary>Pixels from [-1, 1] to [0, 1].</summary>
    internal static float[] FromSigned(float[] pixels)
    {
        for (int i = 0; i < pixels.Length; i++) pixels[i] = Math.Clamp((pixels[i] + 1) / 2, 0, 1);
        return pixels;
    }
}
