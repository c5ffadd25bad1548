namespace ILGPU;

/// <summary>
/// Operations on memory that no other thread can come between. Each returns what was there before. Sums of floating-point numbers are
/// taken in the order of the threads here, and in any order on a card.
/// </summary>
internal static class Atomic
{
    public static int Add(ref int target, int value) => unchecked(Interlocked.Add(ref target, value) - value);

    public static int And(ref int target, int value) => Interlocked.And(ref target, value);

    public static int Or(ref int target, int value) => Interlocked.Or(ref target, value);

    public static int Xor(ref int target, int value)
    {
        int before = target;
        while (CompareExchange(ref target, before, before ^ value) is var seen && seen != before)
        {
            before = seen;
        }

        return before;
    }

    public static uint Add(ref uint target, uint value) => unchecked(Interlocked.Add(ref target, value) - value);

    public static uint And(ref uint target, uint value) => Interlocked.And(ref target, value);

    public static uint Or(ref uint target, uint value) => Interlocked.Or(ref target, value);

    public static uint Xor(ref uint target, uint value)
    {
        uint before = target;
        while (CompareExchange(ref target, before, before ^ value) is var seen && seen != before)
        {
            before = seen;
        }

        return before;
    }

    public static long Add(ref long target, long value) => unchecked(Interlocked.Add(ref target, value) - value);

    public static long And(ref long target, long value) => Interlocked.And(ref target, value);

    public static long Or(ref long target, long value) => Interlocked.Or(ref target, value);

    public static long Xor(ref long target, long value)
    {
        long before = target;
        while (CompareExchange(ref target, before, before ^ value) is var seen && seen != before)
        {
            before = seen;
        }

        return before;
    }

    public static ulong Add(ref ulong target, ulong value) => unchecked(Interlocked.Add(ref target, value) - value);

    public static ulong And(ref ulong target, ulong value) => Interlocked.And(ref target, value);

    public static ulong Or(ref ulong target, ulong value) => Interlocked.Or(ref target, value);

    public static ulong Xor(ref ulong target, ulong value)
    {
        ulong before = target;
        while (CompareExchange(ref target, before, before ^ value) is var seen && seen != before)
        {
            before = seen;
        }

        return before;
    }

    public static int Max(ref int target, int value)
    {
        int before = target;
        while (CompareExchange(ref target, before, Math.Max(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static int Min(ref int target, int value)
    {
        int before = target;
        while (CompareExchange(ref target, before, Math.Min(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static int Exchange(ref int target, int value) => Interlocked.Exchange(ref target, value);

    public static int CompareExchange(ref int target, int compare, int value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    public static uint Max(ref uint target, uint value)
    {
        uint before = target;
        while (CompareExchange(ref target, before, Math.Max(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static uint Min(ref uint target, uint value)
    {
        uint before = target;
        while (CompareExchange(ref target, before, Math.Min(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static uint Exchange(ref uint target, uint value) => Interlocked.Exchange(ref target, value);

    public static uint CompareExchange(ref uint target, uint compare, uint value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    public static long Max(ref long target, long value)
    {
        long before = target;
        while (CompareExchange(ref target, before, Math.Max(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static long Min(ref long target, long value)
    {
        long before = target;
        while (CompareExchange(ref target, before, Math.Min(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static long Exchange(ref long target, long value) => Interlocked.Exchange(ref target, value);

    public static long CompareExchange(ref long target, long compare, long value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    public static ulong Max(ref ulong target, ulong value)
    {
        ulong before = target;
        while (CompareExchange(ref target, before, Math.Max(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static ulong Min(ref ulong target, ulong value)
    {
        ulong before = target;
        while (CompareExchange(ref target, before, Math.Min(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static ulong Exchange(ref ulong target, ulong value) => Interlocked.Exchange(ref target, value);

    public static ulong CompareExchange(ref ulong target, ulong compare, ulong value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    public static float Add(ref float target, float value)
    {
        float before = target;
        while (CompareExchange(ref target, before, before + value) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static float Max(ref float target, float value)
    {
        float before = target;
        while (CompareExchange(ref target, before, Math.Max(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static float Min(ref float target, float value)
    {
        float before = target;
        while (CompareExchange(ref target, before, Math.Min(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static float Exchange(ref float target, float value) => Interlocked.Exchange(ref target, value);

    public static float CompareExchange(ref float target, float compare, float value) =>
        Interlocked.CompareExchange(ref target, value, compare);

    public static double Add(ref double target, double value)
    {
        double before = target;
        while (CompareExchange(ref target, before, before + value) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static double Max(ref double target, double value)
    {
        double before = target;
        while (CompareExchange(ref target, before, Math.Max(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static double Min(ref double target, double value)
    {
        double before = target;
        while (CompareExchange(ref target, before, Math.Min(before, value)) is var seen && !seen.Equals(before))
        {
            before = seen;
        }

        return before;
    }

    public static double Exchange(ref double target, double value) => Interlocked.Exchange(ref target, value);

    public static double CompareExchange(ref double target, double compare, double value) =>
        Interlocked.CompareExchange(ref target, value, compare);
}
