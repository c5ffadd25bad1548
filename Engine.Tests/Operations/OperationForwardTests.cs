namespace Engine.Tests.Operations;

public sealed class OperationForwardTests
{
    public static TheoryData<string> All => OperationRegistry.Names(_ => true);

    [Theory]
    [MemberData(nameof(All))]
    public void Values_agree_with_the_plain_float64_reference(string name)
    {
        OperationCase c = OperationRegistry.Find(name);
        Expected expected = c.Reference(c.Values());
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            (double[] got, DType gotType, _) = c.Forward(OperationDevices.Cpu, type);
            Near(c, $"{gotType} on cpu", expected.Values, expected.Terms, got, gotType);
        }
    }

    internal static void Near(OperationCase c, string what, double[] expected, double[] terms, double[] got, DType type)
    {
        Assert.True(expected.Length == got.Length, $"{c.Name}, {what}: expected {expected.Length} elements, got {got.Length}");
        for (int i = 0; i < got.Length; i++)
        {
            if (expected[i].Equals(got[i])) continue;
            double allowed = c.Tolerance.Allowed(expected[i], terms.Length == 0 ? 0 : terms[i], type);
            if (!(Math.Abs(expected[i] - got[i]) <= allowed)) Assert.Fail(c.Describe(what, i, expected[i], got[i], allowed));
        }
    }
}
