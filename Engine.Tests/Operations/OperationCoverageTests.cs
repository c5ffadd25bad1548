namespace Engine.Tests.Operations;

public sealed class OperationCoverageTests
{
    [Fact]
    public void Every_public_operation_has_a_case()
    {
        HashSet<string> covered = [.. OperationRegistry.Cases.Select(c => c.Operation)];
        string[] missing = [.. OperationNames.All.Where(operation => !covered.Contains(operation))];
        Assert.True(missing.Length == 0, $"operations without a case in OperationRegistry: {string.Join("; ", missing)}");
    }

    [Fact]
    public void Every_case_is_of_a_public_operation()
    {
        HashSet<string> known = [.. OperationNames.All];
        string[] unknown = [.. OperationRegistry.Cases.Select(c => c.Operation).Distinct().Where(operation => !known.Contains(operation))];
        Assert.True(unknown.Length == 0, $"cases of what is no operation: {string.Join("; ", unknown)}");
    }
}
