namespace Engine.Tests.Gemm;

/// <summary>What tensor cores are given: rounded numbers, neighbours in depth side by side, zeros where an operand ends.</summary>
[Collection("simulator")]
public sealed class OperandPackingTests(TwoDevices devices) : IClassFixture<TwoDevices>
{
    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(1.00048828125f, 1.0009765625f)]
    [InlineData(1.0004882f, 1f)]
    [InlineData(-1.00048828125f, -1.0009765625f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(3.4028235e38f, float.PositiveInfinity)]
    [InlineData(1e-42f, 0f)]
    public void TF32_has_ten_bits_of_fraction_and_rounds_halves_away_from_zero(float x, float expected) =>
        Assert.Equal(expected, BitConverter.UInt32BitsToSingle(Tf32Rounding.Pack(x, 0)));

    [Theory]
    [InlineData(1f, 1f)]
    [InlineData(1.00390625f, 1f)]
    [InlineData(1.01171875f, 1.015625f)]
    [InlineData(1.0039064f, 1.0078125f)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(3.4028235e38f, float.PositiveInfinity)]
    public void Bfloat16_has_seven_bits_of_fraction_and_rounds_halves_to_even(float x, float expected)
    {
        uint pair = BFloat16Rounding.Pack(x, -2);
        Assert.Equal(expected, BitConverter.UInt32BitsToSingle(pair << 16));
        Assert.Equal(-2f, BitConverter.UInt32BitsToSingle(pair & 0xFFFF0000));
    }

    [Fact]
    public void What_is_no_number_stays_none()
    {
        foreach (uint bits in (uint[])[0x7FFFFFFF, 0xFFFFFFFF, 0x7F800001, 0x7FC00000])
        {
            float x = BitConverter.UInt32BitsToSingle(bits);
            Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle(Tf32Rounding.Pack(x, 0))));
            Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle(BFloat16Rounding.Pack(x, 0) << 16)));
        }
    }

    [Theory, Rows("5 9 false, 129 17 false, 3 40 true, 130 7 true")]
    public void An_operand_lies_line_by_line_with_zeros_around_it(int lines, int depth, bool transposed)
    {
        const int batch = 2;
        float[] operand = TwoDevices.Random<float>(batch * lines * depth);
        MatMulShape shape = new(lines, 1, depth, TransposeA: transposed, Batch: batch);
        PackedLayout layout = PackedLayout.OfA(shape, new MatMulLayout(shape, false, false), 4);
        Storage source = TwoDevices.With<float>(devices.Gpu, operand);
        Storage packed = OperandPacking.Run<Tf32Rounding>((GpuDevice)devices.Gpu, layout, source);
        int[] found = new int[packed.Length];
        packed.CopyTo<int>(found);
        int width = layout.Chunks * 4;
        Assert.True(width >= depth && width % 16 == 0 && layout.PackedLines % 128 == 0);
        for (int product = 0; product < batch; product++)
            for (int line = 0; line < layout.PackedLines; line++)
                for (int k = 0; k < width; k++)
                {
                    bool inside = line < lines && k < depth;
                    float expected = inside ? operand[(product * lines * depth)
                        + (transposed ? (k * lines) + line : (line * depth) + k)] : 0;
                    Assert.Equal((int)Tf32Rounding.Pack(expected, 0), found[(((product * layout.PackedLines) + line) * width) + k]);
                }
    }
}
