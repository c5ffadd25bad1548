#:project ../../Engine.Models
#:property PublishAot=false

// A recurrent network forecasts a series with its uncertainty: dotnet run docs/lessons/forecast.cs -- [--noise X] [--help]. See
// forecast.md.
using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Models.Autoregressive.Series;
using Engine.Models.Data;
using Engine.Models.Imaging;
using Engine.Models.Training;

var hidden = ProgramOption.Integer("--hidden", "Features of the state.", 64, 1, 4096);
var steps = ProgramOption.Integer("--steps", "Steps of an epoch.", 100, 1);
var length = ProgramOption.Integer(
    "--length", "Steps of the series, of which the last fifth is for testing.", 24 * 7 * 60, 24 * 7 * 5, 10_000_000);
var context = ProgramOption.Integer("--context", "Steps that are read before a forecast.", 24 * 7, 1, 100_000);
var horizon = ProgramOption.Integer("--horizon", "Steps that are forecast.", 48, 1, 10_000);
var noise = ProgramOption.Decimal("--noise", "The deviation of the noise, beside waves of 1.", 0.2, 1e-3, 100);
var paths = ProgramOption.Integer("--paths", "Paths that are drawn for a forecast.", 100, 1, 10_000);
ProgramInfo info = new("forecast", "A recurrent network forecasts a time series, and says how sure it is.", Epochs: 20, Batch: 32,
    Data: null)
{
    EpochsHelp = "Epochs, each of --steps steps.",
    BatchHelp = "Pieces of the series in a batch.",
    FreeOptions = [paths.Name],
};
return TrainingProgram.Run(args, info, Train, hidden, steps, length, context, horizon, noise, paths);

void Train(TrainingRun run)
{
    SeasonalSeries series = SeasonalSeries.Make(run.Option(length), run.Seed, run.Option(noise));
    int trained = series.Values.Count * 4 / 5;
    double[] known = [.. series.Values.Take(trained)];
    if (known.Length <= run.Option(context)) throw new DataException(
        $"--length {series.Values.Count} is too short for --context {run.Option(context)}.");
    double scale = SeriesWindows.Spread(known, run.Option(context));
    SeriesWindows pieces = new(known, run.Option(context), run.Option(horizon), scale),
        all = new(series.Values, run.Option(context), run.Option(horizon), scale);
    if (pieces.Count == 0 || all.Count <= trained) throw new DataException(
        $"--length {series.Values.Count} is too short for --context {pieces.Context} and --horizon {pieces.Horizon}.");

    using Forecaster model = new(run.Option(hidden), new ModuleOptions(run.Random, run.Device));
    using Adam adam = new(model.Parameters);
    LearningRateSchedule rate = LearningRateSchedules.Cosine(5e-3, run.AllSteps(run.Option(steps)), 1e-4);
    Trainer trainer = run.Trainer(("model", model), ("adam", adam));
    foreach (int epoch in trainer.Epochs())
    {
        foreach (int _ in trainer.Steps(run.Option(steps), run.Batch))
        {
            // -log p of every value given those before it: the first ones cannot be known, but the gradient of what can is right.
            using Tape tape = new(run.Device);
            Tensor y = Tensor.From(pieces.Draw(trainer.Step, run.Batch, run.Seed), [run.Batch, pieces.Context + pieces.Horizon]);
            Tensor nats = model.NegativeLogLikelihood(y).Mean();
            Tensor[] gradients = tape.Gradients(nats, model.Parameters);
            GradientClipping.ByNorm(gradients, 1);
            adam.LearningRate = rate(trainer.Step);
            adam.Step(gradients);
            trainer.Report(("nats", nats));
        }
    }

    if (!run.IsStopping) Test(run, trainer, model, series, all, trained);
}

// Forecasts from places in the part of the series that training never saw.
void Test(TrainingRun run, Trainer trainer, Forecaster model, SeasonalSeries series, SeriesWindows pieces, int trained)
{
    int count = Math.Min(40, pieces.Count - trained), stride = (pieces.Count - trained) / count;
    int[] starts = [.. Enumerable.Range(0, count).Select(i => trained + (i * stride))];
    float[] read = new float[count * pieces.Context];
    for (int i = 0; i < count; i++) pieces.Write(starts[i], read.AsSpan(i * pieces.Context, pieces.Context));
    Forecast[] forecasts =
        model.Predict(read, count, pieces.Horizon, run.Random.Split("paths"), run.Option(paths), run.Stopping);
    (int Start, Forecast Forecast)[] inUnits =
        [.. forecasts.Select((forecast, i) => (starts[i] + pieces.Context, InUnitsOfSeries(forecast, starts[i])))];

    ForecastScore score = ForecastScore.Of(series.Values, series.Season, inUnits);
    trainer.Record("error", score.Error);
    trainer.Record("coverage", score.Coverage);
    run.Print(string.Create(
        CultureInfo.InvariantCulture,
        $"Error over {pieces.Horizon} steps, {count} forecasts: {score.Error:0.000}; as a season before {score.Seasonal:0.000}, as the "
        + $"last value {score.Persistent:0.000}, the noise itself {series.Noise:0.000}."));
    run.Print(FormattableString.Invariant($"{score.Coverage:P0} of what came lay in the intervals for {Forecast.Share:P0}."));
    run.Output.Save("forecast.svg", Draw(series, inUnits[0].Start, inUnits[0].Forecast, pieces.Context),
        "What came, and what was expected");

    Forecast InUnitsOfSeries(Forecast forecast, int start)
    {
        return new(Back(forecast.Mean), Back(forecast.Low), Back(forecast.High));

        double[] Back(double[] values) => [.. values.Select(value => pieces.Zero(start) + (pieces.Scale * value))];
    }
}

static Chart Draw(SeasonalSeries series, int start, Forecast forecast, int context)
{
    double[] before = [.. Enumerable.Range(start - Math.Min(context, 72), Math.Min(context, 72) + 1).Select(t => (double)t)];
    double[] ahead = [.. Enumerable.Range(start, forecast.Mean.Length).Select(t => (double)t)];
    return new Chart { Title = "what came, and what was expected", XLabel = "step" }
        .Band("80 % of the paths", ahead, forecast.Low, forecast.High, Rgb.Palette[5])
        .Line("known", before, [.. before.Select(t => series.Values[(int)t])], Rgb.Palette[6])
        .Line("came", ahead, [.. ahead.Select(t => series.Values[(int)t])], Rgb.Palette[0])
        .Line("forecast", ahead, forecast.Mean, Rgb.Palette[1]);
}
