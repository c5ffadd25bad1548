using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Engine.Autograd.Bijections;
using Xunit.Abstractions;
using Module = Engine.Autograd.Nn.Module;

namespace Engine.Tests.Surface;

/// <summary>
/// Walks over the public surface by reflection, with arguments of every kind, good and bad: empty, scalar, of another shape, type or
/// device, null, out of range. What comes of each call is a result, or a refusal that names the operation: docs/architecture.md has the
/// rule. Nothing here lists operations, so that a new one is walked over as well.
/// </summary>
public sealed class PublicSurfaceTests(ITestOutputHelper output)
{
    private const int Calls = 400;

    private static readonly CpuDevice s_device = new(1), s_other = new(1);

    /// <summary>What messages of operators begin with.</summary>
    private static readonly Dictionary<string, string[]> s_operators = new()
    {
        ["op_Addition"] = ["Add"], ["op_Subtraction"] = ["Subtract"], ["op_Multiply"] = ["Multiply"], ["op_Division"] = ["Divide"],
        ["op_UnaryNegation"] = ["Negate"], ["get_Part"] = ["Index", nameof(Tensor.Gather)],
    };

    private static readonly XElement s_documentation =
        XDocument.Load(Path.ChangeExtension(typeof(Tensor).Assembly.Location, ".xml")).Root!.Element("members")!;

    private static readonly Dictionary<string, PublicMember> s_members = new[]
        {
            typeof(Tensor), typeof(Loss), typeof(LogLikelihood), typeof(KullbackLeibler), typeof(Sampling), typeof(Bijection),
        }.SelectMany(type => type.GetMethods(
            BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(method => (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal) || method.Name == "get_Part")
            && method.Name is not (nameof(ToString) or nameof(IDisposable.Dispose)))
        .Select(method => method.IsGenericMethodDefinition ? method.MakeGenericMethod(typeof(Kernels.Elementwise.Relu)) : method)
        .Concat<MethodBase>(Modules.SelectMany(type => type.GetConstructors()))
        .Concat(Modules.SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => method.Name.StartsWith(nameof(Module.Forward), StringComparison.Ordinal)))
        .Select(member => new PublicMember(member))
        .ToDictionary(member => member.Name);

    private static IEnumerable<Type> Modules =>
        typeof(Module).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Module)) && !type.IsAbstract);

    public static TheoryData<string> Members => [.. s_members.Keys];

    [Fact]
    public void The_walk_covers_what_there_is()
    {
        Assert.True(s_members.Count > 150, $"only {s_members.Count} members were found");
        Assert.True(Modules.Count() > 25);
    }

    [Theory, MemberData(nameof(Members))]
    public void Any_arguments_give_a_result_or_a_refusal_that_names_the_operation(string name)
    {
        PublicMember member = s_members[name];
        string[] names = Names(member.Member);
        HashSet<string> documented = Documented(member.Member);
        Random random = new(name.Aggregate(17, (hash, c) => unchecked((hash * 31) + c)) & int.MaxValue);
        ArgumentPool pool = new(s_device, s_other, random);
        Dictionary<string, string> wrong = [];
        int results = 0;
        for (int call = 0; call < Calls; call++)
        {
            object? target = null;
            object?[] arguments;
            using Tape tape = new(s_device, record: call % 2 == 0);
            try
            {
                target = Target(member.Member, pool, random);
                if (target is null && !member.Member.IsStatic && !member.Member.IsConstructor) continue;
                arguments = Array.ConvertAll(member.Parameters, pool.For);

                // A single axis of 2^31 elements is no mistake but eight gigabytes.
                if (arguments.Contains(int.MaxValue) && (member.Member.IsConstructor || target is Tensor { Shape.Rank: < 2 })) continue;
                object? result = member.Call(target, arguments);
                (result as Module)?.Dispose();
                results++;
            }
            catch (Exception e)
            {
                if (Complaint(e) is { } complaint) wrong.TryAdd(
                    $"{complaint}: {e.GetType().Name}: {e.Message.Split('\n')[0]}", $"{e.StackTrace?.Split('\n')[0].Trim()}");
            }
        }

        output.WriteLine($"{name}: {results} of {Calls} calls gave a result");
        Assert.True(wrong.Count == 0, $"{name}:{Environment.NewLine}"
            + string.Join(Environment.NewLine, wrong.Take(12).Select(pair => $"  {pair.Key} {pair.Value}")));

        string? Complaint(Exception e)
        {
            if (e is ArgumentNullException missing) return member.Parameters.Any(parameter => parameter.Name == missing.ParamName) ? null
                : $"'{missing.ParamName}' is no parameter";
            bool isArgument = e is ArgumentException, isDocumented = documented.Contains(e.GetType().FullName!);
            if (!isArgument && !isDocumented) return "not a refusal";
            int colon = e.Message.IndexOf(':', StringComparison.Ordinal);
            string speaker = colon < 0 ? "" : e.Message[..colon];

            return speaker.Length > 0 && names.Any(known => speaker.Contains(known, StringComparison.OrdinalIgnoreCase))
                ? Unsaid(e.Message) : "does not name the operation";
        }
    }

    /// <summary>What is missing in a message that does not say what was found.</summary>
    internal static string? Unsaid(string message) =>
        message.Contains("found", StringComparison.Ordinal) ? null : "does not say what was found";

    /// <summary>What a message may begin with.</summary>
    private static string[] Names(MethodBase member) =>
        s_operators.TryGetValue(member.Name, out string[]? names) ? names
        : member.DeclaringType == typeof(Sequential) ? [.. Modules.Select(type => type.Name)]
        : member.IsConstructor || member.DeclaringType!.IsSubclassOf(typeof(Module)) ? [member.DeclaringType!.Name]
        : [member.Name, .. member.GetGenericArguments().Select(type => type.Name)];

    /// <summary>The exceptions that the documentation of a member names.</summary>
    private static HashSet<string> Documented(MethodBase member)
    {
        string start = $"M:{member.DeclaringType!.FullName}.{(member.IsConstructor ? "#ctor" : member.Name)}";
        return [.. s_documentation.Elements("member")
            .Where(element => element.Attribute("name")!.Value is { } found && found.StartsWith(start, StringComparison.Ordinal)
                && (found.Length == start.Length || found[start.Length] is '(' or '`'))
            .SelectMany(element => element.Elements("exception")).Select(element => element.Attribute("cref")!.Value[2..])];
    }

    private static object? Target(MethodBase member, ArgumentPool pool, Random random)
    {
        if (member.IsStatic || member.IsConstructor) return null;
        if (member.DeclaringType == typeof(Tensor)) return pool.Tensor();
        ConstructorInfo[] constructors = member.DeclaringType!.GetConstructors();
        PublicMember constructor = s_members[new PublicMember(constructors[random.Next(constructors.Length)]).Name];
        for (int attempt = 0; attempt < 20; attempt++)
        {
            try
            {
                object?[] arguments = Array.ConvertAll(constructor.Parameters, pool.For);
                if (!arguments.Contains(int.MaxValue)) return constructor.Call(null, arguments);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The walk over the constructors looks at these.
            }
        }

        return null;
    }
}
