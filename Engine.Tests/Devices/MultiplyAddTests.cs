using System.Runtime.InteropServices;

namespace Engine.Tests.Devices;

/// <summary>An x86 processor without fused multiply-adds gives the same results, and says what they cost.</summary>
public sealed class MultiplyAddTests
{
    private const string Warning = "This processor has no fused multiply-add (FMA3, with AVX2 since 2013)";

    [SkippableFact]
    public void Without_fused_multiply_adds_it_says_once_that_products_are_slow()
    {
        Skip.If(RuntimeInformation.ProcessArchitecture != Architecture.X64, "Other processors have them.");
        string error = ErrorOf(("DOTNET_EnableAVX2", "0"));
        Assert.Contains(Warning, error);
        Assert.Equal(error.IndexOf(Warning, StringComparison.Ordinal), error.LastIndexOf(Warning, StringComparison.Ordinal));
    }

    [SkippableFact]
    public void With_them_it_says_nothing()
    {
        Skip.If(!System.Runtime.Intrinsics.X86.Fma.IsSupported, "This processor has none.");
        Assert.Equal("", ErrorOf());
    }

    /// <summary>What a program that opens the host several times writes to its standard error stream.</summary>
    private static string ErrorOf(params (string Name, string Value)[] environment)
    {
        using ChildProgram child = new(environment, "tests", nameof(DeviceNameTests.The_environment_names_the_width_of_the_vectors));
        (int code, string output, string error) = child.Result();
        Assert.True(code == 0, output + error);
        return error;
    }
}
