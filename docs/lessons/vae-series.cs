#:project ../../Engine.Models
#:property PublishAot=false

// A VAE of stretches of a time series finds out what tells one from another: dotnet run docs/lessons/vae-series.cs -- [--network
// gru|lstm|transformer] [--help]. See vae-series.md.
using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Series;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Imaging;
using Engine.Models.Training;
using Engine.Models.Variational;
using Engine.Models.Variational.Sequences;

SequenceVaeCommandLine program = new(new SequenceVaeDefaults { Hidden = 64, Latent = 4, LeftOut = 0.5, FreeNats = 2 });
var steps = ProgramOption.Integer("--steps", "Steps of an epoch.", 100, 1);
var length = ProgramOption.Integer(
    "--length", "Steps of the series, of which the last fifth is for testing.", 24 * 7 * 60, 24 * 7 * 5, 10_000_000);
var stretch = ProgramOption.Integer("--stretch", "Steps of a stretch.", 48, 2, 100_000);
var noise = ProgramOption.Decimal("--noise", "The deviation of the noise, beside waves of 1.", 0.2, 1e-3, 100);
var testStretches = ProgramOption.Integer("--test-stretches", "Stretches to test with at most.", 400, 2, 100_000);
ProgramInfo info = new(
    "vae-series", "A variational autoencoder of stretches of a time series, with a recurrent or Transformer encoder and decoder.",
    Epochs: 20, Batch: 64, Data: null)
{
    TakesWeights = true,
    EpochsHelp = "Epochs, each of --steps steps.",
    BatchHelp = "Stretches in a batch.",
    FreeOptions = [.. SequenceVaeCommandLine.OfMeasuring, testStretches.Name],
};
return TrainingProgram.Run(
    args, info, run => Train(run, program.Read(run)), [.. program.All, steps, length, stretch, noise, testStretches]);

void Train(TrainingRun run, SequenceVaeChoices choices)
{
    // Each stretch is measured from its own mean.
    SeasonalSeries series = SeasonalSeries.Make(run.Option(length), run.Seed, run.Option(noise));
    int trained = series.Values.Count * 4 / 5, some = run.Option(stretch), last = series.Values.Count - some;
    if (last <= trained || some >= trained) throw new DataException(
        $"--length {series.Values.Count} is too short for --stretch {some}: the last fifth of it is for testing.");
    SeriesWindows known = new([.. series.Values.Take(trained)], some, 0, SeriesWindows.Spread([.. series.Values.Take(trained)], some)),
        all = new(series.Values, some, 0, known.Scale);
    int tested = Math.Min(run.Option(testStretches), last - trained);
    int[] starts = [.. Enumerable.Range(0, tested).Select(i => trained + (int)((long)i * (last - trained) / tested))];
    float[] test = new float[tested * some];
    for (int i = 0; i < tested; i++) all.Write(starts[i], test.AsSpan(i * some, some));

    ModuleOptions options = new(run.Random, run.Device);
    using SequenceVae vae = choices.NewSeriesModel(some, options);
    using SequenceModel? baseline = choices.HasBaseline ? choices.NewSeriesDecoder(some, latent: 0, options) : null;
    run.LoadWeights(vae, "vae");
    using Adam adam = new(vae.Parameters);
    using Adam? beside = baseline is null ? null : new Adam(baseline.Parameters);
    LearningRateSchedule rate = choices.Rate(run.AllSteps(run.Option(steps)));

    (string, IStateful)[] second = baseline is null ? [] : [("baseline", baseline), ("baseline_adam", beside!)];
    Trainer trainer = run.Trainer([("vae", vae), ("adam", adam), .. second]);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (int _ in trainer.Steps(run.Option(steps), run.Batch))
        {
            adam.LearningRate = rate(trainer.Step);
            float[] values = known.Draw(trainer.Step, run.Batch, run.Seed);
            using (Tape tape = new(run.Device))
            {
                // -ELBO = E_q[-log p(x|z)] + beta KL(q(z|x) || N(0, 1)), the decoder reading x with some values left out
                SequenceBatch read = SequenceBatches.Of(values, run.Batch, choices.LeftOut, run.Random.Uniform(values.Length));
                VaeLosses losses = vae.Losses(read, choices.ObjectiveAt(trainer.Step / (double)run.Option(steps)), run.Random);
                Descend(tape, losses.Loss, vae, adam);
                trainer.Report(("loss", losses.Loss), ("reconstruction", losses.Reconstruction), ("divergence", losses.Divergence));
            }

            if (baseline is null) continue;
            using (Tape tape = new(run.Device))
            {
                // The same decoder without z: a recurrent network or Transformer that goes through whole stretches.
                beside!.LearningRate = adam.LearningRate;
                Tensor nats = -baseline.LogLikelihood(SequenceBatches.Of(values, run.Batch)).Mean();
                Descend(tape, nats, baseline, beside);
                trainer.Report(0, ("without_latent", nats));
            }
        }
    }

    if (run.IsStopping) return;
    run.SaveWeights(vae, SeriesVaeFile.Describe(choices, some));
    Measure(run, trainer, vae, baseline, test, tested, choices);
    Show(run, vae, test, starts);
}

static void Descend(Tape tape, Tensor loss, Module model, Adam adam)
{
    Tensor[] gradients = tape.Gradients(loss, model.Parameters);
    GradientClipping.ByNorm(gradients, 5);
    adam.Step(gradients);
}

// In nats for each stretch of the part of the series that training never saw.
static void Measure(
    TrainingRun run, Trainer trainer, SequenceVae vae, SequenceModel? baseline, float[] test, int count, SequenceVaeChoices choices)
{
    RandomStream random = run.Random.Split("test");
    using Tape tape = new(run.Device, record: false);
    SequenceBatch batch = SequenceBatches.Of(test, count);
    (Tensor bound, Tensor divergence) = vae.NegativeBound(batch, random);
    Record("-ELBO", bound.Mean().Item());
    Record("divergence", divergence.Mean().Item());
    if (choices.TestSamples > 0) Record($"-log p(x), {choices.TestSamples} importance samples",
        -vae.LogLikelihood(batch, choices.TestSamples, random, run.Stopping).Average());
    if (baseline is not null) Record("-log p(x) of the same decoder without a latent", -baseline.LogLikelihood(batch).Mean().Item());

    void Record(string name, double value)
    {
        trainer.Record(name, value);
        run.Print(FormattableString.Invariant($"{name}: {value:0.00} nats a stretch of {batch.Steps} steps"));
    }
}

static void Show(TrainingRun run, SequenceVae vae, float[] test, int[] starts)
{
    const int Steps = 5;
    int count = starts.Length, length = test.Length / count, latent = vae.Latent;
    SeriesWriter writer = new(vae.Decoder);
    float[] latents;
    using (new Tape(run.Device, record: false)) latents = vae.Parameterize(SequenceBatches.Of(test, count)).Mean.ToArray();

    // The first stretch, as it was and as its latent writes it again without having read any of it.
    run.Output.Save("reconstruction.svg", new Chart { Title = "a stretch, and as it was written again", XLabel = "step" }
        .Line("as it was", Doubles(test, 0), Rgb.Palette[6])
        .Line("written from z", Doubles(writer.Write(latents.AsSpan(0, latent), 1, length, null), 0), Rgb.Palette[1]));

    // From one stretch to another in a straight line through the latents.
    int other = Math.Min(count - 1, 7);
    float[] way = Interpolation.Line(latents.AsSpan(0, latent), latents.AsSpan(other * latent, latent), Steps);
    Save("interpolation.svg", "from one stretch to another", writer.Write(way, Steps, length, null),
        ["the first", "1/4", "1/2", "3/4", "the last"]);
    RandomStream random = run.Random.Split("samples");
    float[] prior;
    using (new Tape(run.Device, record: false)) prior = Tensor.Normal([Steps * latent], random).ToArray();
    Save("samples.svg", "stretches drawn from the prior", writer.Write(prior, Steps, length, random), ["1", "2", "3", "4", "5"]);

    // Where stretches lie in the two dimensions that differ most, by the hour that they begin at.
    if (latent < 2) return;
    IReadOnlyList<int> ranked = new LatentActivity(latents, latent).Ranked;
    Chart chart = new() {
        Title = "the mean of q(z|x)", XLabel = $"z {ranked[0] + 1}", YLabel = $"z {ranked[1] + 1}", Width = 640, Height = 640 };
    for (int part = 0; part < 4; part++)
    {
        int[] those = [.. Enumerable.Range(0, count).Where(i => starts[i] % 24 / 6 == part)];
        if (those.Length > 0) chart.Scatter($"from hour {6 * part}", [.. those.Select(i => (double)latents[(i * latent) + ranked[0]])],
            [.. those.Select(i => (double)latents[(i * latent) + ranked[1]])]);
    }

    run.Output.Save("latents.svg", chart);

    double[] Doubles(float[] values, int place) => [.. values.Skip(place * length).Take(length).Select(value => (double)value)];

    void Save(string name, string title, float[] series, string[] names)
    {
        Chart lines = new() { Title = title, XLabel = "step" };
        for (int i = 0; i < names.Length; i++) lines.Line(names[i], Doubles(series, i));
        run.Output.Save(name, lines);
    }
}
