#:project ../../Engine.Models
#:property PublishAot=false

// A VAE of sentences writes what lies between two of them: dotnet run docs/lessons/vae-text.cs -- [--data sentences|shakespeare|FILE]
// [--network gru|lstm|transformer] [--help]. See vae-text.md.
using Engine.Autograd;
using Engine.Autograd.Checkpoints;
using Engine.Autograd.Nn;
using Engine.Autograd.Optim;
using Engine.Kernels.RandomNumbers;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Training;
using Engine.Models.Variational;
using Engine.Models.Variational.Sequences;

SequenceVaeCommandLine program = new(new SequenceVaeDefaults());
var longest = ProgramOption.Integer("--longest", "Characters of a line, at most; longer lines are left out.", 80, 1, 10_000);
var testLines = ProgramOption.Integer("--test-lines", "Lines to validate with at most.", 500, 1);
var samples = ProgramOption.Integer(
    "--samples", "Lines drawn from the prior at the end; it goes from one to another of a fifth as many pairs.", 100, 5, 10_000);
var temperature = ProgramOption.Decimal("--temperature", "What logits are divided by for samples; 0 takes the likeliest character.", 1);
ProgramInfo info = new(
    "vae-text", "A variational autoencoder of whole sentences, with a recurrent or Transformer encoder and decoder.", Epochs: 10, Batch: 64,
    TextDatasets.SentencesName)
{
    IsText = true,
    Characters = 1_000_000,
    TakesWeights = true,
    Monitor = "validation_bound",
    BatchHelp = "Lines in a batch.",
    FreeOptions = [.. SequenceVaeCommandLine.OfMeasuring, testLines.Name, samples.Name, temperature.Name],
};
return TrainingProgram.Run(args, info, run => Train(run, program.Read(run)), [.. program.All, longest, testLines, samples, temperature]);

void Train(TrainingRun run, SequenceVaeChoices choices)
{
    TextLines lines = new(run.LoadText(), run.Option(longest), run.Seed);
    int perEpoch = lines.BatchesPerEpoch(run.Batch);
    run.Print($"{lines.Train.Count} lines to train on, {lines.Validation.Count} to validate with, {lines.LeftOut} longer ones left out.");

    ModuleOptions options = new(run.Random, run.Device);
    using SequenceVae vae = choices.NewTextModel(lines.Vocabulary.Count, lines.Longest, options);
    using SequenceModel? baseline =
        choices.HasBaseline ? choices.NewTextDecoder(lines.Vocabulary.Count, lines.Longest, latent: 0, options) : null;
    run.LoadWeights(vae, "vae");
    using Adam adam = new(vae.Parameters);
    using Adam? beside = baseline is null ? null : new Adam(baseline.Parameters);
    LearningRateSchedule rate = choices.Rate(run.AllSteps(perEpoch));

    (string, IStateful)[] second = baseline is null ? [] : [("baseline", baseline), ("baseline_adam", beside!)];
    Trainer trainer = run.Trainer([("vae", vae), ("adam", adam), .. second]);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (int step in trainer.Steps(perEpoch, run.Batch))
        {
            adam.LearningRate = rate(trainer.Step);
            LineBatch batch = lines.Batch(epoch, step, run.Batch);
            using (Tape tape = new(run.Device))
            {
                // -ELBO = E_q[-log p(x|z)] + beta KL(q(z|x) || N(0, 1)), the decoder reading x with some characters left out
                LineBatch read = batch.LeftOut(choices.LeftOut, run.Random.Uniform(batch.Inputs.Length), lines.Unknown);
                VaeLosses losses = vae.Losses(
                    SequenceBatches.Of(read), choices.ObjectiveAt(trainer.Step / (double)perEpoch), run.Random);
                Descend(tape, losses.Loss, vae, adam);
                trainer.Report(("loss", losses.Loss), ("reconstruction", losses.Reconstruction), ("divergence", losses.Divergence));
            }

            if (baseline is null) continue;
            using (Tape tape = new(run.Device))
            {
                // The same decoder without z: a recurrent network or Transformer that is trained on whole lines.
                beside!.LearningRate = adam.LearningRate;
                Tensor nats = -baseline.LogLikelihood(SequenceBatches.Of(batch)).Mean();
                Descend(tape, nats, baseline, beside);
                trainer.Report(0, ("without_latent", nats));
            }
        }

        (double bound, double divergence) = Bound(run, vae, lines);
        trainer.Record("validation_bound", bound);
        trainer.Record("validation_divergence", divergence);
        if (baseline is not null) trainer.Record("validation_without_latent", Nats(run, baseline, lines));
        run.Print(string.Join('\n', Between(run, vae, lines, 0)));
    }

    if (run.IsStopping) return;
    run.SaveWeights(vae, TextVaeFile.Describe(choices, lines));
    Measure(run, trainer, vae, baseline, lines, choices);
}

static void Descend(Tape tape, Tensor loss, Module model, Adam adam)
{
    Tensor[] gradients = tape.Gradients(loss, model.Parameters);
    GradientClipping.ByNorm(gradients, 5);
    adam.Step(gradients);
}

// -ELBO and its divergence, in nats for each line, over lines that training never saw.
(double Bound, double Divergence) Bound(TrainingRun run, SequenceVae vae, TextLines lines)
{
    (double bound, double divergence, int count) = (0, 0, 0);
    RandomStream random = run.Random.Split("validation");
    foreach (LineBatch batch in lines.ValidationBatches(run.Batch, run.Option(testLines)))
    {
        run.Stopping.ThrowIfCancellationRequested();
        using Tape tape = new(run.Device, record: false);
        (Tensor each, Tensor divergences) = vae.NegativeBound(SequenceBatches.Of(batch), random);
        (bound, divergence, count) = (bound + each.Sum().Item(), divergence + divergences.Sum().Item(), count + batch.Count);
    }

    return (bound / count, divergence / count);
}

// -log p(x) of the model without a latent, likewise.
double Nats(TrainingRun run, SequenceModel model, TextLines lines)
{
    (double nats, int count) = (0, 0);
    foreach (LineBatch batch in lines.ValidationBatches(run.Batch, run.Option(testLines)))
    {
        run.Stopping.ThrowIfCancellationRequested();
        using Tape tape = new(run.Device, record: false);
        (nats, count) = (nats - model.LogLikelihood(SequenceBatches.Of(batch)).Sum().Item(), count + batch.Count);
    }

    return nats / count;
}

// The likeliest line at each of some latents, and whether it is a sentence where that can be said.
string[] Written(TrainingRun run, SequenceVae vae, TextLines lines, float[] latents) => new LineWriter(vae.Decoder, lines).Write(
    latents, latents.Length / vae.Latent, new TokenSampling { Temperature = 0 }, run.Random.Split("writing"), run.Stopping);

// From one line to another in a straight line through the latents.
string[] Between(TrainingRun run, SequenceVae vae, TextLines lines, int pair)
{
    float[] ends = Encode(run, vae, lines, [lines.Validation[2 * pair], lines.Validation[(2 * pair) + 1]]);
    return Written(run, vae, lines, Interpolation.Line(ends.AsSpan(0, vae.Latent), ends.AsSpan(vae.Latent), 7));
}

static float[] Encode(TrainingRun run, SequenceVae vae, TextLines lines, IReadOnlyList<int[]> some)
{
    using Tape tape = new(run.Device, record: false);
    return vae.Parameterize(SequenceBatches.Of(lines.Batch(some))).Mean.ToArray();
}

void Measure(TrainingRun run, Trainer trainer, SequenceVae vae, SequenceModel? baseline, TextLines lines, SequenceVaeChoices choices)
{
    (double bound, double divergence) = Bound(run, vae, lines);
    Record("-ELBO", bound);
    Record("divergence", divergence);
    if (choices.TestSamples > 0) Record($"-log p(x), {choices.TestSamples} importance samples", Likelihood());
    if (baseline is not null) Record("-log p(x) of the same decoder without a latent", Nats(run, baseline, lines));

    const int Shown = 8;
    int count = run.Option(samples), pairs = Math.Min(count / 5, lines.Validation.Count / 2);
    string[][] between = [.. Enumerable.Range(0, pairs).Select(pair => Between(run, vae, lines, pair))];
    int[][] some = [.. lines.Validation.Take(2 * pairs)];
    string[] again = Written(run, vae, lines, Encode(run, vae, lines, some));
    RandomStream random = run.Random.Split("samples");
    float[] prior = Normal(run, count * vae.Latent, random);
    string[] drawn = new LineWriter(vae.Decoder, lines).Write(
        prior, count, new TokenSampling { Temperature = run.Option(temperature) }, random, run.Stopping);
    Save("interpolations.txt", between.Select(lines => string.Join('\n', lines)), "\n\n");
    Save("reconstructions.txt", again.Select((line, i) => $"{lines.Decode(some[i])}\n{line}"), "\n\n");
    Save("samples.txt", drawn, "\n");
    run.Print($"Each line of the text, and below it as it was written again:\n{string.Join('\n', again.Take(Shown / 2)
        .Select((line, i) => $"{lines.Decode(some[i])}\n{line}"))}");
    run.Print($"From one line to another:\n{string.Join("\n\n", between.Take(2).Select(lines => string.Join('\n', lines)))}");
    run.Print($"From the prior:\n{string.Join('\n', drawn.Take(Shown))}");
    if (lines.Name != TextDatasets.SentencesName) return;
    Share("interpolations that are sentences of the grammar", [.. between.SelectMany(lines => lines)]);
    Share("samples that are sentences of the grammar", drawn);

    double Likelihood()
    {
        (double sum, int measured) = (0, 0);
        foreach (LineBatch batch in lines.ValidationBatches(run.Batch, run.Option(testLines)))
        {
            using Tape tape = new(run.Device, record: false);
            double[] each = vae.LogLikelihood(SequenceBatches.Of(batch), choices.TestSamples, run.Random.Split("importance"), run.Stopping);
            (sum, measured) = (sum - each.Sum(), measured + batch.Count);
        }

        return sum / measured;
    }

    void Share(string name, string[] texts)
    {
        double share = texts.Count(Sentences.IsSentence) / (double)texts.Length;
        trainer.Record(name, share);
        run.Print(FormattableString.Invariant($"{name}: {share:P0} of {texts.Length}"));
    }

    void Record(string name, double value)
    {
        trainer.Record(name, value);
        run.Print(FormattableString.Invariant($"{name}: {value:0.00} nats a line"));
    }

    void Save(string name, IEnumerable<string> texts, string between) => run.Output.SaveText(name, string.Join(between, texts) + "\n");
}

static float[] Normal(TrainingRun run, int count, RandomStream random)
{
    using Tape tape = new(run.Device, record: false);
    return Tensor.Normal([count], random).ToArray();
}
