using Engine.Autograd.Bijections;
using Engine.Models.Diffusion;
using Engine.Models.Flow;

namespace Engine.Tests.Cancellation;

/// <summary>A module that says when it computes.</summary>
internal sealed class CountedModule : Module
{
    private readonly Action _pass;
    private readonly Module _inner;

    public CountedModule(Action pass, Module inner) => (_pass, _inner) = (pass, AddModule("inner", inner));

    public override Tensor Forward(Tensor x)
    {
        _pass();
        return _inner.Forward(x);
    }
}

/// <summary>A transform that says when it computes, in either direction.</summary>
internal sealed class CountedTransform : FlowTransform
{
    private readonly Action _pass;
    private readonly FlowTransform _inner;

    public CountedTransform(Action pass, FlowTransform inner) => (_pass, _inner) = (pass, AddModule("inner", inner));

    public override Transformed Apply(Tensor x, Tensor? context = null)
    {
        _pass();
        return _inner.Apply(x, context);
    }

    public override Transformed Invert(Tensor z, Tensor? context = null)
    {
        _pass();
        return _inner.Invert(z, context);
    }

    public override Shape OutputShape(Shape example) => _inner.OutputShape(example);
}

/// <summary>A denoiser that says when it predicts.</summary>
internal sealed class CountedDenoiser(Action pass, IDenoiser inner) : IDenoiser
{
    public Device Device => inner.Device;

    public DType DType => inner.DType;

    public int Classes => inner.Classes;

    public Tensor Predict(Tensor noisy, ReadOnlySpan<int> steps, ReadOnlySpan<int> labels)
    {
        pass();
        return inner.Predict(noisy, steps, labels);
    }
}

/// <summary>A PixelCNN of one layer that says when it computes.</summary>
internal sealed class CountedPixelCnn : PixelCnnModel
{
    private readonly Action _pass;
    private readonly MaskedConv2d _layer;

    public CountedPixelCnn(Action pass, ModuleOptions options) : base(new PixelCnnSizes(), 1, options) =>
        (_pass, _layer) = (pass, AddModule("layer", new MaskedConv2d(1, 1, 3, ConvMask.A, options)));

    private protected override Tensor Along(Tensor x, Tensor[] above, Tensor? labels, PixelHistory? history)
    {
        _pass();
        return Convolve(_layer, x, history);
    }
}
