using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Kernels;
using Engine.Kernels.Flows;
using Engine.Models.Data;
using Engine.Models.Flow;

namespace Engine.Models.Files;

/// <summary>A flow of images.</summary>
public static class FlowFile
{
    internal const string Family = "flow";

    /// <summary>Describes a flow.</summary>
    /// <param name="sizes">Its sizes.</param>
    /// <param name="size">The size of an image, which is square.</param>
    public static ModelDescription Describe(ImageFlowSizes sizes, ImageSize size)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        return new ModelDescription(Family, size).With("model", sizes.Model).With("couplings", sizes.Couplings)
            .With("hidden", sizes.Hidden).With("layers", sizes.Layers).With("variational", sizes.IsVariational);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        ImageSize size = description.Size();
        ImageFlow model = new ImageFlowSizes(
            description.Choice("model", [.. ImageFlowSizes.Models]), description.Integer("couplings"), description.Integer("hidden"),
            description.Integer("layers"), description.Flag("variational")).Make(size, options).Loaded(file);
        NormalizingFlow flow = model.Flow;
        return new ImageModel(
            description,
            (count, random, _) =>
            {
                using Tape tape = new(model.Parameters[0].Device, record: false);
                return flow.Latents.Sample(WithCount(flow.LatentShape, count), random).Cast(DType.Float32).ToArray();
            },
            (z, count, _, stop) =>
            {
                using Tape tape = new(model.Parameters[0].Device, record: false);
                return model.Decode(Tensor.From(z, WithCount(flow.LatentShape, count)), cancellation: stop);
            },
            0, model);
    }

    private static Shape WithCount(Shape latent, int count) => new([count, .. latent.ToArray()]);
}

/// <summary>A flow of the plane.</summary>
public static class PlaneFlowFile
{
    internal const string Family = "plane-flow";

    /// <summary>Describes a flow of <see cref="PlaneFlows"/>.</summary>
    /// <param name="model">One of <see cref="PlaneFlows.Names"/>.</param>
    /// <param name="layers">Layers.</param>
    /// <param name="hidden">Width of the networks' hidden layers.</param>
    /// <param name="spline">The spline that transforms a coordinate; null for an affine map.</param>
    public static ModelDescription Describe(string model, int layers, int hidden, SplineShape? spline)
    {
        ModelDescription description = new ModelDescription(Family).With("model", model).With("layers", layers).With("hidden", hidden)
            .With("spline", spline is not null);
        return spline is not { } shape ? description : description.With("bins", shape.Bins).With("bound", shape.Bound)
            .With("minimum-width", shape.MinimumWidth).With("minimum-height", shape.MinimumHeight);
    }

    internal static TrainedModel Open(ModelDescription description, SafetensorsFile file, ModuleOptions options)
    {
        Bijector change = !description.Flag("spline") ? new AffineBijector(2)
            : new SplineBijector(new SplineShape(description.Integer("bins"), description.Number("bound")) {
                MinimumWidth = description.Number("minimum-width"), MinimumHeight = description.Number("minimum-height") });
        NormalizingFlow flow = PlaneFlows.Make(
            description.Choice("model", [.. PlaneFlows.Names]), description.Integer("layers"), description.Integer("hidden"), change,
            options).Loaded(file);
        PlaneDensity plane = new(flow);
        return new VectorModel(description, 2, plane.Sample, flow);
    }
}
