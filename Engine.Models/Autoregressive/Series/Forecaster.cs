using Engine.Autograd;
using Engine.Autograd.Likelihoods;
using Engine.Autograd.Losses;
using Engine.Autograd.Nn;
using Engine.Autograd.Rules;
using Engine.Kernels;
using Engine.Kernels.RandomNumbers;
using Engine.Kernels.Sampling;
using Engine.Models.Data;

namespace Engine.Models.Autoregressive.Series;

/// <summary>
/// Forecasts a time series: gated recurrent units read it step by step, and from their state a normal distribution of the next value comes,
/// p(y) = product over t of N(y_t; mean, e^logvar), both functions of what came before t. Values further ahead are drawn one after another,
/// path by path.
/// </summary>
public sealed class Forecaster : Module
{
    private readonly Gru _gru;
    private readonly Linear _head;

    /// <summary>Creates the model.</summary>
    /// <param name="hidden">Features of a state; at least 1.</param>
    /// <param name="options">Device, element type and random stream.</param>
    /// <param name="layers">Recurrent layers; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    public Forecaster(int hidden, ModuleOptions options, int layers = 1)
    {
        _gru = AddModule("gru", new Gru(1, hidden, options, layers));
        _head = AddModule("head", new Linear(hidden, 2, options));
    }

    /// <summary>
    /// The mean and the logarithm of the variance of the value after each: [series, steps, 2] for values [series, steps].
    /// </summary>
    public override Tensor Forward(Tensor x) => Forward(x, null, out _);

    /// <summary>
    /// -log p of each value but the first, given those before it, in nats, differentiable: [series, steps - 1] for values [series, steps].
    /// </summary>
    /// <exception cref="ArgumentException">There are fewer than two steps.</exception>
    public Tensor NegativeLogLikelihood(Tensor x)
    {
        if (x.Shape.Rank != 2 || x.Shape[1] < 2) throw new ArgumentException(
            $"Forecaster: expected [series, steps] with at least two steps, found {x.Shape}.");
        int steps = x.Shape[1] - 1;
        (Tensor mean, Tensor logVariance) = Split(Forward(x.Slice(1, 0, steps)));
        return -LogLikelihood.Gaussian(x.Slice(1, 1, steps), mean, logVariance, Reduction.None);
    }

    /// <summary>Forecasts of series, each from its previous values.</summary>
    /// <param name="context">The values before the forecasts, [series, steps], one series after another.</param>
    /// <param name="series">How many series there are; at least 1.</param>
    /// <param name="horizon">Steps to forecast; at least 1.</param>
    /// <param name="random">The source of the draws.</param>
    /// <param name="paths">Paths drawn for each series; at least 1.</param>
    /// <param name="cancellation">Cancels the computation; looked at before each step that is forecast.</param>
    /// <exception cref="ArgumentException">There is no whole number of steps.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1, or the paths are more than one array holds.</exception>
    /// <exception cref="OperationCanceledException">The computation was cancelled.</exception>
    public Forecast[] Predict(
        ReadOnlySpan<float> context, int series, int horizon, RandomStream random, int paths = 100,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(series, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(horizon, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(paths, 1);
        if (context.Length == 0 || context.Length % series != 0) throw new ArgumentException(
            $"Predict: {series} series of equal length were expected, found {context.Length} values.");
        int length = ArrayLength.Of(nameof(Predict), nameof(paths), paths, (long)series * horizon);
        Parameter any = Parameters[0];
        using Tape tape = new(any.Device, record: false);
        Tensor x = Tensor.From(context, [series, context.Length / series]).Cast(any.DType);
        Tensor y = Forward(x, null, out Tensor state);

        // From here on every path continues on its own, from the state of its series.
        state = state.Reshape(_gru.Layers, series, 1, _gru.Hidden).BroadcastTo([_gru.Layers, series, paths, _gru.Hidden])
            .Reshape(_gru.Layers, series * paths, _gru.Hidden);
        Tensor next = y.Slice(1, y.Shape[1] - 1, 1).BroadcastTo([series, paths, 2]).Reshape(series * paths, 1, 2);
        double[] drawn = new double[length];
        for (int step = 0; step < horizon; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            (Tensor mean, Tensor logVariance) = Split(next);
            Tensor value = Sampling.Reparameterize(mean, logVariance, Tensor.Normal(mean.Shape, random, dtype: any.DType));
            double[] values = value.ToDoubles();
            for (int path = 0; path < values.Length; path++) drawn[(path * horizon) + step] = values[path];
            if (step + 1 < horizon) next = Forward(value, state, out state);
        }

        Forecast[] result = new Forecast[series];
        for (int i = 0; i < series; i++) result[i] = Forecast.Of(drawn.AsSpan(i * paths * horizon, paths * horizon), paths, horizon);
        return result;
    }

    private Tensor Forward(Tensor x, Tensor? initial, out Tensor last) =>
        _head.Forward(_gru.Forward(x.Reshape(x.Shape[0], x.Shape[1], 1), initial, out last));

    private static (Tensor Mean, Tensor LogVariance) Split(Tensor y)
    {
        Shape each = [y.Shape[0], y.Shape[1]];
        return (y.Slice(2, 0, 1).Reshape(each), y.Slice(2, 1, 1).Reshape(each));
    }
}
