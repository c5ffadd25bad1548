namespace Engine.Tests.Ptx;

/// <summary>Numbers in registers, which are bits and nothing more, and what instructions make of them.</summary>
internal static class PtxNumber
{
    internal static int Bytes(string type) => type switch
    {
        "pred" or "b8" or "u8" or "s8" => 1,
        _ => int.Parse(type.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture) / 8,
    };

    internal static ulong Read(ReadOnlySpan<byte> bytes, bool isSigned)
    {
        ulong value = 0;
        for (int b = 0; b < bytes.Length; b++) value |= (ulong)bytes[b] << (8 * b);
        return isSigned && bytes.Length < 8 && (bytes[^1] & 0x80) != 0 ? value | (ulong.MaxValue << (8 * bytes.Length)) : value;
    }

    internal static double Float(ulong bits, string type) =>
        type == "f32" ? BitConverter.UInt32BitsToSingle((uint)bits) : BitConverter.UInt64BitsToDouble(bits);

    private static ulong Bits(double value, string type) =>
        type == "f32" ? BitConverter.SingleToUInt32Bits((float)value) : BitConverter.DoubleToUInt64Bits(value);

    /// <summary>An integer as its type says: cut to its width, and with its sign.</summary>
    private static Int128 Integer(ulong bits, string type) => type switch
    {
        "s16" => (short)bits,
        "s32" => (int)bits,
        "s64" => (long)bits,
        "u16" or "b16" => (ushort)bits,
        "u32" or "b32" => (uint)bits,
        "pred" => bits & 1,
        _ => bits,
    };

    private static ulong Cut(Int128 value, string type) => (ulong)(value & ((Int128.One << (type == "pred" ? 1 : 8 * Bytes(type))) - 1));

    internal static bool Compare(string comparison, string type, ulong a, ulong b)
    {
        if (type[0] != 'f')
        {
            int order = Integer(a, type).CompareTo(Integer(b, type));
            return comparison switch {
                "eq" => order == 0, "ne" => order != 0, "lt" or "lo" => order < 0, "le" or "ls" => order <= 0, "gt" or "hi" => order > 0,
                "ge" or "hs" => order >= 0, _ => throw Unknown(comparison) };
        }

        double x = Float(a, type), y = Float(b, type);
        bool unordered = double.IsNaN(x) || double.IsNaN(y);
        return comparison switch
        {
            "eq" => x == y,
            "ne" => !unordered && x != y,
            "lt" => x < y,
            "le" => x <= y,
            "gt" => x > y,
            "ge" => x >= y,
            "equ" => unordered || x == y,
            "neu" => unordered || x != y,
            "ltu" => unordered || x < y,
            "leu" => unordered || x <= y,
            "gtu" => unordered || x > y,
            "geu" => unordered || x >= y,
            "num" => !unordered,
            "nan" => unordered,
            _ => throw Unknown(comparison),
        };
    }

    internal static ulong Convert(ulong value, string to, string from) => (to[0], from[0]) switch
    {
        ('f', 'f') => Bits(Float(value, from), to),
        ('f', _) => Bits((double)Integer(value, from), to),
        (_, 'f') => Cut((Int128)Math.Round(Float(value, from)), to),
        _ => Cut(Integer(value, from), to),
    };

    /// <summary>
    /// The result of an arithmetic instruction. Float32 is computed in float64 and rounded, which for one operation is float32's own
    /// result.
    /// </summary>
    internal static ulong Of(PtxInstruction i, ulong a, ulong b, ulong c)
    {
        string type = i.Type;
        if (type[0] == 'f')
        {
            double x = Float(a, type), y = Float(b, type), z = Float(c, type);
            return Bits(
                i.Parts[0] switch
                {
                    "add" => x + y,
                    "sub" => x - y,
                    "mul" => x * y,
                    "div" => x / y,
                    "fma" => Math.FusedMultiplyAdd(x, y, z),
                    "neg" => -x,
                    "abs" => Math.Abs(x),
                    "min" => double.IsNaN(x) ? y : double.IsNaN(y) ? x : Math.Min(x, y),
                    "max" => double.IsNaN(x) ? y : double.IsNaN(y) ? x : Math.Max(x, y),
                    "sqrt" => Math.Sqrt(x),
                    _ => throw Unknown(i.ToString()),
                },
                type);
        }

        Int128 m = Integer(a, type), n = Integer(b, type);
        if (i.Parts[0] is "mul" or "mad" && i.Parts[1] == "wide") return Cut((m * n) + Integer(c, "b64"), "b64");
        int width = 8 * Bytes(type);
        return Cut(
            i.Parts[0] switch
            {
                "add" => m + n,
                "sub" => m - n,
                "mul" when i.Parts[1] == "hi" => (m * n) >> width,
                "mul" => m * n,
                "mad" => (m * n) + Integer(c, type),
                "div" => n == 0 ? throw new PtxException($"'{i}' divides by zero.") : m / n,
                "rem" => n == 0 ? throw new PtxException($"'{i}' divides by zero.") : m % n,
                "neg" => -m,
                "abs" => Int128.Abs(m),
                "min" => Int128.Min(m, n),
                "max" => Int128.Max(m, n),
                "and" => m & n,
                "or" => m | n,
                "xor" => m ^ n,
                "not" => ~m,
                "shl" => (uint)b >= width ? 0 : m << (int)(uint)b,
                "shr" => m >> Math.Min((int)(uint)b, width - 1 + (type[0] == 's' ? 0 : 1)),
                _ => throw Unknown(i.ToString()),
            },
            type);
    }

    private static PtxException Unknown(string what) => new($"'{what}' is not known here.");
}
