using Xunit;

namespace Engine.Tests.Operations;

public sealed class GradCheckDocumentTests
{
    [SkippableFact]
    public void The_page_is_written_from_the_registry_when_asked_for()
    {
        Skip.IfNot(Environment.GetEnvironmentVariable("ENGINE_WRITE_DOCS") == "1", "ENGINE_WRITE_DOCS=1 writes docs/gradcheck.md");
        Directory.CreateDirectory(Path.GetDirectoryName(GradCheckDocument.Path)!);
        File.WriteAllText(GradCheckDocument.Path, GradCheckDocument.Write());
    }

    [Fact]
    public void The_page_lists_exactly_the_operations_of_the_registry()
    {
        string[] listed = GradCheckDocument.Operations(File.ReadAllText(GradCheckDocument.Path));
        Assert.Equal(OperationRegistry.Cases.Select(c => c.Operation).Distinct().Order(StringComparer.Ordinal), listed);
    }
}
