#if !ILGPU
using System.Reflection;
using ILGPU;
using Xunit;

namespace Engine.Tests;

/// <summary>
/// Code that compiles against the portable stand-in has to compile against ILGPU. So the stand-in may declare less than ILGPU, and
/// nothing else: every type and member that other code can name is held against the listing of ILGPU 1.5.3.
/// </summary>
public sealed class PortableApiTests
{
    private const string ListingName = "ilgpu-1.5.3-api.txt";

    public static TheoryData<string> StandIns => [.. StandInTypes().Select(ApiListing.Name)];

    [Theory]
    [MemberData(nameof(StandIns))]
    public void A_stand_in_declares_nothing_that_ILGPU_lacks(string name)
    {
        Type type = StandInTypes().Single(type => ApiListing.Name(type) == name);
        foreach (Dictionary<string, ListedType> listing in Listings())
        {
            Assert.True(listing.TryGetValue(name, out ListedType? listed), $"ILGPU has no public type {name}.");
            Assert.Equal(Kind(type), listed.Kind);
            string[] unknown = [.. ApiListing.Members(type).Where(member => !listed.Members.Contains(member))];
            Assert.True(unknown.Length == 0, $"ILGPU's {name} has no\n    {string.Join("\n    ", unknown)}");
        }
    }

    [Fact]
    public void A_stand_in_derives_from_what_ILGPU_derives_it_from()
    {
        Dictionary<string, ListedType> listing = Listings().First();
        foreach (Type type in StandInTypes().Where(type => type.BaseType is { } parent && IsStandIn(parent)))
        {
            Assert.Equal(ApiListing.Name(type.BaseType!), listing[ApiListing.Name(type)].Base);
        }
    }

    [Fact]
    public void Enumerations_have_ILGPUs_names_in_ILGPUs_order() =>
        Assert.All(StandInTypes().Where(type => type.IsEnum), type =>
            Assert.Equal(ApiListing.Members(type), Listings().First()[ApiListing.Name(type)].Members));

    private static IEnumerable<Type> StandInTypes() =>
        typeof(ArrayView<>).Assembly.GetTypes().Where(type => IsStandIn(type) && !type.IsNestedPrivate && !type.IsNestedFamily);

    private static bool IsStandIn(Type type) =>
        type.Namespace is { } space && (space == "ILGPU" || space.StartsWith("ILGPU.", StringComparison.Ordinal)) && !type.Name.Contains('<', StringComparison.Ordinal);

    private static string Kind(Type type) =>
        type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type is { IsAbstract: true, IsSealed: true } ? "static class" : "class";

    /// <summary>The types' own part of the listing, which lies with the tests, and the whole of it where a machine has that.</summary>
    private static IEnumerable<Dictionary<string, ListedType>> Listings()
    {
        using Stream resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(ListingName)!;
        yield return Read(new StreamReader(resource));
        if (Environment.GetEnvironmentVariable("ENGINE_ILGPU_API") is { Length: > 0 } path)
        {
            yield return Read(new StreamReader(path));
        }
    }

    private static Dictionary<string, ListedType> Read(StreamReader reader)
    {
        Dictionary<string, ListedType> types = [];
        ListedType? current = null;
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith(' '))
            {
                current!.Members.AddRange(current.Kind == "enum" ? line.Trim().Split(", ") : [line.Trim()]);
            }
            else if (line.Length > 0)
            {
                string[] headAndBase = line.Split(" : ");
                string kind = headAndBase[0][..headAndBase[0].IndexOf(" ILGPU", StringComparison.Ordinal)];
                current = new ListedType(kind, headAndBase.ElementAtOrDefault(1), []);
                types[headAndBase[0][(kind.Length + 1)..]] = current;
            }
        }

        return types;
    }

    private sealed record ListedType(string Kind, string? Base, List<string> Members);
}
#endif
