using System.CommandLine;
using Engine.Models.Training;

namespace Engine.Models.Autoregressive.Text;

/// <summary>
/// The command-line options of a program that trains a Transformer on a text, in addition to those that all training programs share.
/// </summary>
public sealed class TransformerCommandLine
{
    /// <summary>Steps of an epoch by default: what nanoGPT makes between two evaluations.</summary>
    public const int StepsPerEpoch = 250;

    private readonly bool _isLarge;
    private readonly Option<string> _recipe = ProgramOption.Choice(
        "--recipe", "nanogpt: nanoGPT's model and budget for a CPU. large: more layers, wider, with a longer block, dropout and "
        + "more steps.", "nanogpt", "large");
    private readonly Option<int> _layers, _heads, _width, _block;
    private readonly Option<int> _steps = ProgramOption.Integer("--steps", "Steps of an epoch.", StepsPerEpoch, least: 1);
    private readonly Option<string> _positions =
        ProgramOption.Choice("--positions", "How the position of a token is encoded.", "learned", "sinusoidal");
    private readonly Option<double> _dropout, _rate;
    private readonly Option<string?> _prompt = new("--prompt") {
        Description = "What samples begin with; by default a line break where the text has one, or else its first character." };
    private readonly Option<int> _length = ProgramOption.Integer("--length", "Characters of a sample.", 500, 0, 1_000_000);
    private readonly Option<double> _temperature =
        ProgramOption.Decimal("--temperature", "What logits are divided by for a sample; 0 takes the likeliest character.", 0.8);
    private readonly Option<int> _topK =
        ProgramOption.Integer("--top-k", "Draws among so many of the likeliest characters; 0 among all.", 0);
    private readonly Option<double> _topP =
        ProgramOption.Decimal("--top-p", "Draws among the fewest characters that have so much of the probability.", 1, 1e-6, 1);

    /// <summary>Options whose defaults are those of a recipe.</summary>
    /// <param name="args">The command line, which names the recipe that the defaults of the options depend on.</param>
    public TransformerCommandLine(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        _isLarge = ProgramOption.IsGiven(args, "--recipe", "large");
        _layers = ProgramOption.Integer("--layers", "Layers.", _isLarge ? 6 : 4, 1, 1000);
        _heads = ProgramOption.Integer("--heads", "Heads of each attention.", _isLarge ? 6 : 4, 1, 1024);
        _width = ProgramOption.Integer("--width", "Features of a position; a multiple of the heads.", _isLarge ? 192 : 128, 2, 65_536);
        _block = ProgramOption.Integer("--block", "Characters that can be looked back on.", _isLarge ? 128 : 64, least: 1);
        _dropout = ProgramOption.Decay(
            "--dropout", "The dropout rate after embedding, attentions and networks.", _isLarge ? 0.1 : 0);
        _rate = ProgramOption.Decimal("--learning-rate", "The largest learning rate.", _isLarge ? 2e-3 : 3e-3, 1e-9, 1);
    }

    /// <summary>Describes the program to <see cref="TrainingProgram"/>.</summary>
    public ProgramInfo Info =>
        new("transformer", "A Transformer learns to write by guessing the next character.", Epochs: _isLarge ? 20 : 8, Batch: _isLarge ? 32
            : 12, TextDatasetName)
    {
        IsText = true,
        TakesWeights = true,
        Monitor = "validation_loss",
        EpochsHelp = "Epochs, each of --steps steps.",
        BatchHelp = "Pieces of the text in a batch.",
        FreeOptions = [_prompt.Name, _length.Name, _temperature.Name, _topK.Name, _topP.Name],
    };

    /// <summary>All options, for <see cref="TrainingProgram"/>.</summary>
    public Option[] All => [_recipe, _layers, _heads, _width, _block, _steps, _positions, _dropout, _rate, _prompt, _length, _temperature,
        _topK, _topP];

    private static string TextDatasetName => Data.TextDatasets.SentencesName;

    /// <summary>The model that a command line asks for.</summary>
    /// <param name="run">The run.</param>
    /// <param name="vocabulary">How many characters there are.</param>
    /// <exception cref="Data.DataException">Options do not go together.</exception>
    public TransformerOptions Extents(TrainingRun run, int vocabulary)
    {
        ArgumentNullException.ThrowIfNull(run);
        (int heads, int width) = (run.Option(_heads), run.Option(_width));
        if (width % heads != 0) throw new Data.DataException($"--width must be a multiple of --heads {heads}, was {width}.");
        if (run.Option(_positions) == "sinusoidal" && width % 2 != 0) throw new Data.DataException(
            $"--positions sinusoidal needs an even --width, found {width}.");
        return new TransformerOptions(vocabulary)
        {
            Block = run.Option(_block),
            Layers = run.Option(_layers),
            Heads = heads,
            Width = width,
            Dropout = run.Option(_dropout),
            Positions = run.Option(_positions) == "sinusoidal" ? PositionKind.Sinusoidal : PositionKind.Learned,
        };
    }

    /// <summary>The steps of an epoch.</summary>
    /// <param name="run">The run.</param>
    public int Steps(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Option(_steps);
    }

    /// <summary>How a command line wants the model trained.</summary>
    /// <param name="run">The run.</param>
    public TransformerTrainingOptions Training(TrainingRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return new TransformerTrainingOptions(run.AllSteps(run.Option(_steps))) { LearningRate = run.Option(_rate) };
    }

    /// <summary>How a command line wants samples drawn.</summary>
    /// <param name="run">The run.</param>
    /// <param name="text">What is trained on.</param>
    /// <exception cref="Data.DataException">The prompt is empty, or has a character that the text has not.</exception>
    public (string Prompt, int Length, TokenSampling Sampling) Sampling(TrainingRun run, Data.TextDataset text)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(text);
        return (text.Prompt(run.Option(_prompt)), run.Option(_length),
            new TokenSampling { Temperature = run.Option(_temperature), TopK = run.Option(_topK), TopP = run.Option(_topP) });
    }
}
