namespace Engine.Models.Data;

/// <summary>How each digit is written: the usual ways to write it, with every measure drawn at random.</summary>
internal static class DigitShapes
{
    public static void Write(int digit, DigitPen pen, ref CounterRandom random)
    {
        pen.Clear();
        switch (digit)
        {
            case 0: Zero(pen, ref random); break;
            case 1: One(pen, ref random); break;
            case 2: Two(pen, ref random); break;
            case 3: Three(pen, ref random); break;
            case 4: Four(pen, ref random); break;
            case 5: Five(pen, ref random); break;
            case 6: Six(pen, ref random); break;
            case 7: Seven(pen, ref random); break;
            case 8: Eight(pen, ref random); break;
            default: Nine(pen, ref random); break;
        }
    }

    private static void Zero(DigitPen pen, ref CounterRandom random)
    {
        double start = random.Uniform(0.62, 0.9);
        pen.Arc(0.5, 0.5, random.Uniform(0.27, 0.45), 0.5, start, start - random.Uniform(0.97, 1.08), down: true);
    }

    private static void One(DigitPen pen, ref CounterRandom random)
    {
        double kind = random.Uniform(), bow = 0.03 * random.Bell();
        if (kind < 0.3)
        {
            pen.Down(random.Uniform(0.26, 0.38), random.Uniform(0.12, 0.28));
            pen.Corner(0.5, 0);
        }
        else
        {
            pen.Down(0.5, 0);
        }

        pen.To(0.5 + bow, 0.5);
        pen.To(0.5, 1);
        if (kind < 0.09)
        {
            pen.Down(random.Uniform(0.24, 0.34), 1);
            pen.To(random.Uniform(0.66, 0.78), 1);
        }
    }

    private static void Two(DigitPen pen, ref CounterRandom random)
    {
        double rx = random.Uniform(0.3, 0.4), ry = random.Uniform(0.22, 0.3), foot = random.Uniform(0.02, 0.14);
        pen.Arc(0.48, ry, rx, ry, random.Uniform(0.47, 0.58), random.Uniform(1.02, 1.08), down: true);
        pen.To(random.Uniform(0.54, 0.62), random.Uniform(0.6, 0.68));
        if (random.Uniform() < 0.35)
        {
            // The foot is a loop: down, round to the left, and back across the stem.
            double loop = random.Uniform(0.07, 0.12);
            pen.To(foot + 0.22, 0.88);
            pen.To(foot + 0.08, 0.97);
            pen.To(foot - 0.02, 0.97 - loop);
            pen.To(foot + 0.12, 0.95 - 1.7 * loop);
            pen.To(foot + 0.4, 0.93);
        }
        else
        {
            pen.Corner(foot, random.Uniform(0.92, 1));
            pen.To(0.5, random.Uniform(0.9, 0.98));
        }

        pen.To(random.Uniform(0.84, 1), random.Uniform(0.93, 1.02));
    }

    private static void Three(DigitPen pen, ref CounterRandom random)
    {
        double waist = random.Uniform(0.43, 0.5), upper = waist / 2, lower = (1 - waist) / 2;
        double inward = random.Uniform(0.3, 0.5);
        pen.Arc(0.44, upper, random.Uniform(0.28, 0.36), upper, random.Uniform(0.54, 0.64), 1.17, down: true);
        pen.Corner(inward, waist + 0.02 * random.Bell());
        pen.Arc(0.44, waist + lower, random.Uniform(0.32, 0.42), lower, 0.82, random.Uniform(1.36, 1.46));
    }

    private static void Four(DigitPen pen, ref CounterRandom random)
    {
        double stem = random.Uniform(0.6, 0.74), bar = random.Uniform(0.5, 0.66), elbow = random.Uniform(0.04, 0.14);
        bool closed = random.Uniform() < 0.3;
        if (closed)
        {
            pen.Down(stem, 0);
            pen.To((stem + elbow) / 2 - 0.02, bar / 2);
        }
        else
        {
            pen.Down(random.Uniform(0.1, 0.3), random.Uniform(0, 0.1));
            pen.To(elbow + 0.07, bar * 0.55);
        }

        pen.Corner(elbow, bar);
        pen.To(0.5, bar + 0.015 * random.Bell());
        pen.To(random.Uniform(0.8, 1), bar + 0.03 * random.Bell());
        pen.Down(closed ? stem : stem + random.Uniform(-0.02, 0.1), closed ? 0 : random.Uniform(-0.02, 0.16));
        pen.To(stem + 0.02 * random.Bell(), 0.55);
        pen.To(stem + 0.03 * random.Bell(), 1);
    }

    private static void Five(DigitPen pen, ref CounterRandom random)
    {
        double left = random.Uniform(0.16, 0.28), neck = random.Uniform(0.4, 0.5), belly = (1 - neck) / 2 + 0.05;
        double bar = random.Uniform(0.02, 0.07);
        pen.Down(left, bar);
        pen.To(left - 0.03, neck / 2);
        pen.Corner(left - random.Uniform(0.03, 0.08), neck);
        pen.Arc(0.44, 1 - belly, random.Uniform(0.34, 0.44), belly, 0.72, random.Uniform(1.36, 1.47));
        pen.Down(left + random.Uniform(-0.02, 0.05), bar + 0.015 * random.Bell());
        pen.To(0.55, bar - 0.02);
        pen.To(random.Uniform(0.76, 0.95), random.Uniform(-0.06, 0.05));
    }

    private static void Six(DigitPen pen, ref CounterRandom random)
    {
        double ry = random.Uniform(0.2, 0.29), rx = random.Uniform(0.28, 0.38), cy = 1 - ry, left = 0.5 - rx;
        pen.Down(random.Uniform(0.52, 0.8), random.Uniform(0, 0.04));
        pen.To(left + random.Uniform(0.14, 0.24), random.Uniform(0.22, 0.3));
        pen.To(left + 0.03, cy - 0.22);
        pen.Arc(0.5, cy, rx, ry, 0.49, -random.Uniform(0.42, 0.56));
    }

    private static void Seven(DigitPen pen, ref CounterRandom random)
    {
        double top = random.Uniform(0.02, 0.1), right = random.Uniform(0.82, 0.95), foot = random.Uniform(0.3, 0.52);
        if (random.Uniform() < 0.25)
        {
            pen.Down(random.Uniform(0.03, 0.1), random.Uniform(0.16, 0.26));
            pen.Corner(random.Uniform(0.05, 0.12), top);
        }
        else
        {
            pen.Down(random.Uniform(0.02, 0.16), top);
        }

        pen.To(0.5, top + 0.02 * random.Bell());
        pen.Corner(right, random.Uniform(0, 0.08));
        pen.To((right + foot) / 2 + 0.04 * random.Bell(), 0.48);
        pen.To(foot, 1);
        if (random.Uniform() < 0.28)
        {
            double bar = random.Uniform(0.46, 0.56), middle = (right + foot) / 2;
            pen.Down(middle - random.Uniform(0.2, 0.28), bar);
            pen.To(middle + random.Uniform(0.2, 0.28), bar - random.Uniform(-0.02, 0.06));
        }
    }

    private static void Eight(DigitPen pen, ref CounterRandom random)
    {
        double waist = random.Uniform(0.43, 0.51), upper = waist / 2, lower = (1 - waist) / 2;
        double upperRadius = random.Uniform(0.24, 0.33), lowerRadius = random.Uniform(0.29, 0.38);
        double start = random.Uniform(0.84, 0.97);
        // One line: over the top to the left, across the waist, round the lower loop clockwise, across the waist, up to where it began.
        pen.Arc(0.5, upper, upperRadius, upper, start, 0.36, down: true);
        pen.To(0.5, waist);
        pen.Arc(0.5, waist + lower, lowerRadius, lower, -0.13, 0.63);
        pen.To(0.5, waist);
        pen.Arc(0.5, upper, upperRadius, upper, 0.14, start - 1 + random.Uniform(-0.05, 0.05));
    }

    private static void Nine(DigitPen pen, ref CounterRandom random)
    {
        double ry = random.Uniform(0.2, 0.29), rx = random.Uniform(0.28, 0.38), cx = 0.46, right = cx + rx;
        double start = random.Uniform(0.86, 0.96);
        pen.Arc(cx, ry, rx, ry, start, random.Uniform(-0.04, 0.02), down: true);
        double kind = random.Uniform();
        if (kind < 0.35)
        {
            // The leg turns back to the left.
            pen.To(right + 0.01, 0.55);
            pen.To(right - 0.12, 0.88);
            pen.To(random.Uniform(0.4, 0.5), 1);
            pen.To(random.Uniform(0.14, 0.26), random.Uniform(0.9, 0.97));
        }
        else
        {
            if (kind < 0.7) pen.Corner(right, random.Uniform(0.12, 0.22));
            pen.To(right - random.Uniform(0, 0.06), 0.6);
            pen.To(right - random.Uniform(0.02, 0.22), 1);
        }
    }
}
