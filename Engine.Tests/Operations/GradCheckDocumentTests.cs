namespace Engine.Tests.Operations;

public sealed class GradCheckDocumentTests
{
    /// <summary>With <c>ENGINE_WRITE_DOCS=1</c> it is written first.</summary>
    [Fact]
    public void The_page_lists_exactly_the_operations_of_the_registry()
    {
        if (Environment.GetEnvironmentVariable("ENGINE_WRITE_DOCS") == "1")
            File.WriteAllText(GradCheckDocument.Path, GradCheckDocument.Write());
        string[] listed = GradCheckDocument.Operations(File.ReadAllText(GradCheckDocument.Path));
        Assert.Equal(OperationRegistry.Cases.Select(c => c.Operation).Distinct().Order(StringComparer.Ordinal), listed);
    }
}
