namespace Engine.Tests.Ptx;

/// <summary>
/// ldmatrix and mma.sync, which the 32 lanes of a warp execute together. Which lane holds which elements is the PTX ISA's: with g = lane /
/// 4 and t = lane % 4, a register of the left operand holds a piece of 4 bytes of row g or g + 8, at t of the first or second half of the
/// depths; one of the right operand the same of column g; and the sums are at rows g and g + 8, columns 2 t and 2 t + 1.
/// </summary>
internal static class PtxTensorCore
{
    /// <summary>
    /// ldmatrix.x4: lanes 8 m to 8 m + 7 name the rows, of 16 bytes, of matrix m; every lane gets 4 bytes of each matrix.
    /// </summary>
    internal static void LoadMatrices(PtxInstruction i, PtxThread[] lanes)
    {
        if (i.ToString() is not string text
            || !text.StartsWith("ldmatrix.sync.aligned.m8n8.x4.shared.b16", StringComparison.Ordinal)) throw new PtxException(
                $"'{i}' is not known here.");
        for (int matrix = 0; matrix < 4; matrix++)
        {
            byte[][] rows = [.. Enumerable.Range(0, 8).Select(row =>
            {
                PtxThread source = lanes[(8 * matrix) + row];
                return source.Block.Shared(i.Operands[1][0].Address(source), 16).ToArray();
            })];
            for (int lane = 0; lane < 32; lane++) i.Operands[0][matrix].Set(
                lanes[lane], PtxNumber.Read(rows[lane / 4].AsSpan(lane % 4 * 4, 4), isSigned: false));
        }
    }

    /// <summary>mma.sync of 16 x 8: D = A B + C, with sums in float32 (here rounded once, from float64).</summary>
    internal static void Multiply(PtxInstruction i, PtxThread[] lanes)
    {
        int each = string.Join('.', i.Parts) switch
        {
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32" => 1,
            "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32" => 2,
            _ => throw new PtxException($"'{i}' is not known here."),
        };
        int depth = 8 * each;
        double[,] a = new double[16, depth], b = new double[depth, 8];
        for (int lane = 0; lane < 32; lane++)
        {
            int g = lane / 4, t = lane % 4;
            for (int part = 0; part < 4; part++)
                for (int e = 0; e < each; e++) a[g + (part % 2 * 8), (part / 2 * 4 * each) + (t * each) + e] =
                    Element(i.Operands[1][part].Get(lanes[lane]), each, e, i);
            for (int part = 0; part < 2; part++)
                for (int e = 0; e < each; e++) b[(part * 4 * each) + (t * each) + e, g] =
                    Element(i.Operands[2][part].Get(lanes[lane]), each, e, i);
        }

        for (int lane = 0; lane < 32; lane++)
        {
            for (int part = 0; part < 4; part++)
            {
                int row = (lane / 4) + (part / 2 * 8), column = (lane % 4 * 2) + (part % 2);
                double sum = PtxNumber.Float(i.Operands[3][part].Get(lanes[lane]), "f32");
                for (int k = 0; k < depth; k++) sum += a[row, k] * b[k, column];
                i.Operands[0][part].Set(lanes[lane], BitConverter.SingleToUInt32Bits((float)sum));
            }
        }
    }

    private static double Element(ulong bits, int each, int e, PtxInstruction i)
    {
        if (each == 2) return BitConverter.UInt32BitsToSingle((uint)(bits >> (16 * e)) << 16);
        if ((bits & 0x1FFF) != 0) throw new PtxException($"'{i}': 0x{bits:x8} is no TF32 number.");
        return BitConverter.UInt32BitsToSingle((uint)bits);
    }
}
