#:project ../../Engine.Models
#:property PublishAot=false

// A recurrent network learns to write: dotnet run docs/lessons/char-rnn.cs -- [--data sentences|shakespeare|FILE] [--cell lstm|gru]
// [--help]. See char-rnn.md.
using Engine.Autograd.Nn;
using Engine.Models.Autoregressive.Text;
using Engine.Models.Data;
using Engine.Models.Files;
using Engine.Models.Training;

var cell = ProgramOption.Choice("--cell", "What the recurrent layers are made of.", "lstm", "gru");
var hidden = ProgramOption.Integer("--hidden", "Features of a state.", 256, 1, 8192);
var layers = ProgramOption.Integer("--layers", "Recurrent layers.", 2, 1, 100);
var block = ProgramOption.Integer("--block", "Characters of a piece: how far gradients go back.", 64, 1);
var dropout = ProgramOption.Decay("--dropout", "The share of each layer's outputs that is dropped while training.", 0.2);
var rate = ProgramOption.Decimal("--learning-rate", "The learning rate to begin with; it falls to a fiftieth.", 2e-3, 1e-9, 1);
var steps = ProgramOption.OptionalInteger("--steps", "Steps of an epoch; by default a whole pass over the text.");
var prompt = new System.CommandLine.Option<string?>("--prompt") {
    Description = "What the sample begins with; by default a line break where the text has one, or else its first character." };
var length = ProgramOption.Integer("--length", "Characters of the sample.", 500, 0, 1_000_000);
var temperature = ProgramOption.Decimal(
    "--temperature", "What logits are divided by for the sample; 0 takes the likeliest character.", 0.8);
ProgramInfo info = new("char-rnn", "A recurrent network reads a text character by character, and learns to write one.", Epochs: 10,
    Batch: 32, TextDatasets.SentencesName)
{
    IsText = true,
    TakesWeights = true,
    Monitor = "validation_nats",
    BatchHelp = "Streams that the text is cut into and read side by side.",
    FreeOptions = [prompt.Name, length.Name, temperature.Name],
};
return TrainingProgram.Run(args, info, Train, cell, hidden, layers, block, dropout, rate, steps, prompt, length, temperature);

void Train(TrainingRun run)
{
    TextDataset text = run.LoadText();
    TextStreams streams = new(text.Train, run.Batch, run.Option(block));
    int perEpoch = run.Option(steps) ?? streams.Count;
    string begin = text.Prompt(run.Option(prompt));
    int[] beginning = text.Vocabulary.Encode(begin);

    // p(text) = product over t of p(character t | those before it): all that came before is in the state.
    using CharacterRnn model = new(
        text.Vocabulary.Count, run.Option(hidden), new ModuleOptions(run.Random, run.Device), run.Option(layers),
        run.Option(cell) == "gru" ? RecurrentCell.Gru : RecurrentCell.Lstm, run.Option(dropout));
    run.LoadWeights(model);
    using CharacterRnnTraining training = new(model, streams, run.AllSteps(perEpoch), run.Option(rate));

    Trainer trainer = run.Trainer(training);
    foreach (int epoch in trainer.Epochs())
    {
        foreach (int _ in trainer.Steps(perEpoch, run.Batch * streams.Block)) trainer.Report(("nats", training.Step()));
        trainer.Record("validation_nats", training.Validate(text.Validation, run.Stopping));
        run.Print(Sample(Math.Min(run.Option(length), 200), epoch));
    }

    if (run.IsStopping) return;
    run.SaveWeights(model, CharacterRnnFile.Describe(model, text.Vocabulary));
    string sample = Sample(run.Option(length), 0);
    run.Output.SaveText("sample.txt", sample);
    run.Print(sample);

    // A sample is a function of the seed and its number, so that drawing one changes nothing in the training.
    string Sample(int count, int number) => begin + text.Vocabulary.Decode(
        model.Sample(beginning, count, new TokenSampling { Temperature = run.Option(temperature) },
            run.Random.Split("samples").Split(number), run.Stopping));
}
