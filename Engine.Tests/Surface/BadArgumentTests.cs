namespace Engine.Tests.Surface;

/// <summary>
/// Every operation of the registry, with the good arguments of its cases but for one: of another type, on another device, released,
/// scalar, empty, with an axis more or one that is longer, shorter or empty. What comes of it is a result, or a refusal that names the
/// operation. Together with <see cref="PublicSurfaceTests"/>, whose arguments seldom fit each other.
/// </summary>
public sealed class BadArgumentTests
{
    private static readonly CpuDevice s_other = new(1);

    /// <summary>What messages of operators begin with.</summary>
    private static readonly Dictionary<char, string[]> s_operators = new()
    {
        ['+'] = ["Add"], ['-'] = ["Subtract", "Negate"], ['*'] = ["Multiply"], ['/'] = ["Divide"],
    };

    public static TheoryData<string> Operations => [.. OperationRegistry.Cases.Select(c => c.Operation).Distinct()];

    [Theory, MemberData(nameof(Operations))]
    public void One_bad_argument_gives_a_result_or_a_refusal_that_names_the_operation(string operation)
    {
        string name = operation[(operation.IndexOf('.', StringComparison.Ordinal) + 1)..];
        string[] names = name.StartsWith("operator ", StringComparison.Ordinal) ? s_operators[name[9]]
            : name == "this[]" ? ["Index", nameof(Tensor.Gather)] : [name, nameof(Tensor.Cast)];

        // Tensor.Apply speaks in the name of the operation that it is given.
        bool isNamed = name != nameof(Tensor.Apply);
        Dictionary<string, string> wrong = [];
        foreach (OperationCase c in OperationRegistry.Cases.Where(c => c.Operation == operation && c.IsTiny).Take(40))
        {
            foreach (int extent in c.Inputs.SelectMany(input => input.Shape.ToArray()).Distinct()) Emptied(c, extent);
            for (int i = 0; i < c.Inputs.Length; i++)
            {
                foreach (string mutation in Mutations(c.Inputs[i].Shape))
                {
                    using Tape tape = new(OperationDevices.Cpu);
                    double[][] values = c.Values();
                    try
                    {
                        Tensor[] arguments = c.Tensors(tape, values, DType.Float32);
                        arguments[i] = Mutated(arguments[i], mutation);
                        Tensor result = c.Function(arguments);
                        result.ToDoubles();
                        if (!ReferenceEquals(result, arguments[i]) && mutation is ("other device" or "released")) wrong.TryAdd(
                            "no refusal of what is on another device or released", $"{c.Name}, input {i}, {mutation}");
                    }
                    catch (Exception e)
                    {
                        Judge(e, mutation == "released", $"{c.Name}, input {i}, {mutation}");
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{operation}:{Environment.NewLine}"
            + string.Join(Environment.NewLine, wrong.Take(12).Select(pair => $"  {pair.Key} ({pair.Value})")));

        // Every axis of an extent becomes empty, in all arguments: they fit each other still.
        void Emptied(OperationCase c, int extent)
        {
            using Tape tape = new(OperationDevices.Cpu);
            string what = $"{c.Name}, every axis of {extent} empty";
            try
            {
                Tensor[] arguments = [.. c.Tensors(tape, c.Values(), DType.Float32).Select(tensor => Made(
                    new Shape([.. tensor.Shape.ToArray().Select(n => n == extent ? 0 : n)]), tensor.DType, tensor.Device))];
                double[] result = c.Function(arguments).ToDoubles();
                if (!Array.TrueForAll(result, double.IsFinite)) wrong.TryAdd("a result that is not finite", what);
            }
            catch (Exception e)
            {
                Judge(e, false, what);
            }
        }

        void Judge(Exception e, bool isReleased, string what)
        {
            if (e is ObjectDisposedException && isReleased) return;
            int colon = e.Message.IndexOf(':', StringComparison.Ordinal);
            string speaker = colon < 0 ? "" : e.Message[..colon];
            bool isSaid = e is ArgumentException && PublicSurfaceTests.Unsaid(e.Message) is null
                && (isNamed ? names.Any(known => speaker.Contains(known, StringComparison.Ordinal)) : speaker.Length > 0);
            if (!isSaid) wrong.TryAdd(
                $"{e.GetType().Name}: {e.Message.Split('\n')[0]}", $"{what} {e.StackTrace?.Split('\n')[0].Trim()}");
        }
    }

    private static IEnumerable<string> Mutations(Shape shape)
    {
        foreach (string mutation in (
            string[])["int32", "float64", "other device", "released", "scalar", "empty", "outer axis", "inner axis"])
            yield return mutation;
        for (int axis = 0; axis < shape.Rank; axis++)
            foreach (string change in (string[])["longer", "shorter", "none", "one"]) yield return $"{change} {axis}";
    }

    private static Tensor Mutated(Tensor tensor, string mutation)
    {
        Shape shape = tensor.Shape;
        string[] words = mutation.Split(' ');
        switch (mutation)
        {
            case "int32":
                return Made(shape, tensor.DType == DType.Int32 ? DType.Float32 : DType.Int32, tensor.Device);
            case "float64":
                return Made(shape, DType.Float64, tensor.Device);
            case "other device":
                return Made(shape, tensor.DType, s_other);
            case "released":
                Tensor released = Made(shape, tensor.DType, tensor.Device);
                released.Dispose();
                return released;
            case "scalar":
                return Made([], tensor.DType, tensor.Device);
            case "empty":
                return Made([0], tensor.DType, tensor.Device);
            case "outer axis" or "inner axis" when shape.Rank == Shape.MaxRank:
                return tensor;
            case "outer axis":
                return Made(new Shape([1, .. shape.ToArray()]), tensor.DType, tensor.Device);
            case "inner axis":
                return Made(new Shape([.. shape.ToArray(), 2]), tensor.DType, tensor.Device);
            default:
                int axis = int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture);
                return Made(shape.With(axis, words[0] switch
                {
                    "longer" => shape[axis] + 1, "shorter" => Math.Max(0, shape[axis] - 1), "none" => 0, _ => 1,
                }), tensor.DType, tensor.Device);
        }
    }

    private static Tensor Made(Shape shape, DType type, Device device)
    {
        Storage storage = device.Allocate(type, shape.Count);
        Move.Fill(storage, type == DType.Int32 ? 0 : 0.5);
        return new Tensor(storage, shape, null);
    }
}
