namespace Engine.Kernels.Flows;

/// <summary>
/// The formulas of Durkan et al. 2019 (arXiv:1906.04032, section 3.1 and appendix A) in lanes. In a bin from (l, b) that is w wide and h
/// high with derivatives p and q at its knots, and with a = (x - l) / w, s = h / w and m = p + q - 2 s:
/// f = b + h (s a² + p a (1 - a)) / D,  D = s + m a (1 - a),  f' = s² N / D²,  N = q a² + 2 s a (1 - a) + p (1 - a)².
/// </summary>
internal readonly struct SplineFormula
{
    private readonly int _bins;
    private readonly double _bound, _widthBase, _widthScale, _heightBase, _heightScale, _minimumDerivative;

    internal SplineFormula(SplineShape shape)
    {
        _bins = shape.Bins;
        _bound = shape.Bound;
        _minimumDerivative = shape.MinimumDerivative;

        // width = 2 bound (minimum + (1 - bins minimum) share)
        (_widthBase, _widthScale) = (2 * shape.Bound * shape.MinimumWidth, 2 * shape.Bound * (1 - (shape.Bins * shape.MinimumWidth)));
        (_heightBase, _heightScale) = (2 * shape.Bound * shape.MinimumHeight, 2 * shape.Bound * (1 - (shape.Bins * shape.MinimumHeight)));
    }

    /// <summary>f(x) and log f'(x).</summary>
    internal SplineValue<T> Forward<T, TParameters>(T x, TParameters parameters)
        where T : unmanaged, ILane<T>
        where TParameters : struct, ISplineParameters<T>
    {
        T inside = Clamped(x);
        SplineBin<T> bin = Find(inside, parameters, Shares<T, TParameters>(parameters), byHeight: false);
        T one = T.Of(1), a = (inside - bin.Left) / bin.Width, r = one - a, s = bin.Height / bin.Width;
        T d = Divisor(bin, s, a * r);
        T y = bin.Bottom + (bin.Height * T.MulAdd(s * a, a, bin.First * a * r) / d);
        return Tail(x, y, LogSlope(bin, s, a, r, d));
    }

    /// <summary>The x with f(x) = y, and log dx/dy.</summary>
    internal SplineValue<T> Inverse<T, TParameters>(T y, TParameters parameters)
        where T : unmanaged, ILane<T>
        where TParameters : struct, ISplineParameters<T>
    {
        T inside = Clamped(y);
        SplineBin<T> bin = Find(inside, parameters, Shares<T, TParameters>(parameters), byHeight: true);
        T one = T.Of(1), s = bin.Height / bin.Width, above = T.Max(inside - bin.Bottom, T.Of(0));
        T m = bin.First + bin.Last - (s + s);

        // A a² + B a + C = 0, by the form of the solution that cancels nothing: a = 2 C / (-B - sqrt(B² - 4 A C))
        T A = T.MulAdd(above, m, bin.Height * (s - bin.First));
        T B = (bin.Height * bin.First) - (above * m);
        T C = -(s * above);
        T root = T.Sqrt(T.Max(T.MulAdd(B, B, T.Of(-4) * A * C), T.Of(0)));
        T a = T.Min((C + C) / (-B - root), one);
        T r = one - a;
        return Tail(y, T.MulAdd(a, bin.Width, bin.Left), -LogSlope(bin, s, a, r, Divisor(bin, s, a * r)));
    }

    /// <summary>Writes the gradients of the parameters, from those of f(x) and log f'(x), and returns the gradient of x.</summary>
    internal T Backward<T, TParameters>(T x, T gradient, T logGradient, TParameters parameters)
        where T : unmanaged, ILane<T>
        where TParameters : struct, ISplineParameters<T>
    {
        T inside = Clamped(x), zero = T.Of(0);
        SplineShares<T> shares = Shares<T, TParameters>(parameters);
        SplineBin<T> bin = Find(inside, parameters, shares, byHeight: false);

        // Outside nothing depends on the parameters, and f' = 1.
        T isInside = T.SelectLess(T.Abs(x), T.Of(_bound), T.Of(1), zero);
        SplineGradient<T> d = OfBin(bin, inside, gradient * isInside, logGradient * isInside);
        OfShares(bin.Index, bin.Left, bin.Width, d.Left, d.Width, shares.MaximumWidth, shares.SumOfWidths, _widthBase, _widthScale, 0,
            parameters);
        OfShares(bin.Index, bin.Bottom, bin.Height, d.Bottom, d.Height, shares.MaximumHeight, shares.SumOfHeights, _heightBase,
            _heightScale, _bins, parameters);
        for (int k = 1; k < _bins; k++)
        {
            // The knot in front of bin k is the last one of bin k - 1.
            T knot = T.SelectEqual(bin.Index, T.Of(k), d.First, T.SelectEqual(bin.Index, T.Of(k - 1), d.Last, zero));
            int place = (2 * _bins) + k - 1;
            parameters.Write(place, knot * LaneMath.Sigmoid(parameters.Read(place)));
        }

        return T.SelectLess(T.Abs(x), T.Of(_bound), d.X, gradient);
    }

    private T Clamped<T>(T x) where T : unmanaged, ILane<T> => T.Min(T.Max(x, T.Of(-_bound)), T.Of(_bound));

    private SplineValue<T> Tail<T>(T x, T y, T logSlope) where T : unmanaged, ILane<T>
    {
        T size = T.Abs(x), bound = T.Of(_bound);
        return new(T.SelectLess(size, bound, y, x), T.SelectLess(size, bound, logSlope, T.Of(0)));
    }

    private static T Divisor<T>(SplineBin<T> bin, T s, T q) where T : unmanaged, ILane<T> => T.MulAdd(bin.First + bin.Last - (s + s), q, s);

    // log f' = log(s² N / D²), whose argument is far from overflow and underflow
    private static T LogSlope<T>(SplineBin<T> bin, T s, T a, T r, T d) where T : unmanaged, ILane<T>
    {
        T ratio = s / d;
        return LaneMath.Log(ratio * ratio * Numerator(bin, s, a, r));
    }

    private static T Numerator<T>(SplineBin<T> bin, T s, T a, T r) where T : unmanaged, ILane<T> =>
        T.MulAdd(bin.Last * a, a, T.MulAdd((s + s) * a, r, bin.First * r * r));

    private SplineShares<T> Shares<T, TParameters>(TParameters parameters)
        where T : unmanaged, ILane<T>
        where TParameters : struct, ISplineParameters<T>
    {
        T widest = parameters.Read(0), highest = parameters.Read(_bins);
        for (int k = 1; k < _bins; k++)
        {
            widest = T.Max(widest, parameters.Read(k));
            highest = T.Max(highest, parameters.Read(_bins + k));
        }

        T widths = T.Of(0), heights = T.Of(0);
        for (int k = 0; k < _bins; k++)
        {
            widths += LaneMath.Exp(parameters.Read(k) - widest);
            heights += LaneMath.Exp(parameters.Read(_bins + k) - highest);
        }

        return new(widest, widths, highest, heights);
    }

    /// <summary>The last bin that does not begin beyond <paramref name="key"/>.</summary>
    private SplineBin<T> Find<T, TParameters>(T key, TParameters parameters, SplineShares<T> shares, bool byHeight)
        where T : unmanaged, ILane<T>
        where TParameters : struct, ISplineParameters<T>
    {
        T left = T.Of(-_bound), bottom = left, first = T.Of(1), widthScale = T.Of(_widthScale) / shares.SumOfWidths,
            heightScale = T.Of(_heightScale) / shares.SumOfHeights;
        T index = T.Of(0), foundLeft = left, foundWidth = first, foundBottom = left, foundHeight = first, foundFirst = first,
            foundLast = first;
        for (int k = 0; k < _bins; k++)
        {
            T width = T.MulAdd(LaneMath.Exp(parameters.Read(k) - shares.MaximumWidth), widthScale, T.Of(_widthBase));
            T height = T.MulAdd(LaneMath.Exp(parameters.Read(_bins + k) - shares.MaximumHeight), heightScale, T.Of(_heightBase));
            T last = k == _bins - 1 ? T.Of(1) : T.Of(_minimumDerivative) + LaneMath.Softplus(parameters.Read((2 * _bins) + k));
            T edge = byHeight ? bottom : left;
            index = T.SelectLess(key, edge, index, T.Of(k));
            foundLeft = T.SelectLess(key, edge, foundLeft, left);
            foundWidth = T.SelectLess(key, edge, foundWidth, width);
            foundBottom = T.SelectLess(key, edge, foundBottom, bottom);
            foundHeight = T.SelectLess(key, edge, foundHeight, height);
            foundFirst = T.SelectLess(key, edge, foundFirst, first);
            foundLast = T.SelectLess(key, edge, foundLast, last);
            left += width;
            bottom += height;
            first = last;
        }

        return new(index, foundLeft, foundWidth, foundBottom, foundHeight, foundFirst, foundLast);
    }

    /// <summary>The gradients of x and the bin, from those of f (g) and log f' (h).</summary>
    private static SplineGradient<T> OfBin<T>(SplineBin<T> bin, T x, T g, T h) where T : unmanaged, ILane<T>
    {
        T one = T.Of(1), two = T.Of(2), a = (x - bin.Left) / bin.Width, r = one - a, q = a * r, s = bin.Height / bin.Width;
        T m = bin.First + bin.Last - (s + s), d = T.MulAdd(m, q, s), n = Numerator(bin, s, a, r), inverse = one / d;
        T slope = s * s * n * inverse * inverse;

        // f - b = h F with F = (s a² + p a r) / D
        T share = T.MulAdd(s * a, a, bin.First * q) * inverse;
        T ofDivisor = two * inverse, ofNumerator = one / n, turn = r - a;

        // df/da = w f'; dlog f'/da = N'/N - 2 D'/D
        T dA = (g * bin.Width * slope)
            + (h * ((two * ((bin.Last * a) + (s * turn) - (bin.First * r)) * ofNumerator) - (m * turn * ofDivisor)));
        T dS = (g * bin.Height * ((a * a) - (share * (one - (two * q)))) * inverse)
            + (h * ((two / s) + (two * q * ofNumerator) - ((one - (two * q)) * ofDivisor)));
        T dFirst = (g * bin.Height * q * (one - share) * inverse) + (h * ((r * r * ofNumerator) - (q * ofDivisor)));
        T dLast = (h * ((a * a * ofNumerator) - (q * ofDivisor))) - (g * bin.Height * q * share * inverse);
        T dX = dA / bin.Width;
        return new(dX, -dX, -((dA * a) + (dS * s)) / bin.Width, g, T.MulAdd(g, share, dS / bin.Width), dFirst, dLast);
    }

    /// <summary>
    /// From the gradients of where the bin begins and of its extent to those of the raw extents: of all extents in front of it the first,
    /// of its own the second; and then back through the softmax, draw = scale share (d - sum of share d).
    /// </summary>
    private void OfShares<T, TParameters>(
        T index, T start, T extent, T dStart, T dExtent, T maximum, T sum, double leastExtent, double scale, int place,
        TParameters parameters)
        where T : unmanaged, ILane<T>
        where TParameters : struct, ISplineParameters<T>
    {
        // scale times the shares in front, and the own one, from what they add up to
        T zero = T.Of(0), least = T.Of(leastExtent);
        T mean = (dStart * (start + T.Of(_bound) - (index * least))) + (dExtent * (extent - least));
        T reciprocal = T.Of(1) / sum;
        for (int k = 0; k < _bins; k++)
        {
            T at = T.Of(k), share = LaneMath.Exp(parameters.Read(place + k) - maximum) * reciprocal;
            T d = T.SelectLess(at, index, dStart, T.SelectEqual(at, index, dExtent, zero));
            parameters.Write(place + k, share * ((T.Of(scale) * d) - mean));
        }
    }
}

/// <summary>The bin that a value falls into, with the knots on both sides of it.</summary>
internal readonly struct SplineBin<T>(T index, T left, T width, T bottom, T height, T first, T last) where T : unmanaged, ILane<T>
{
    /// <summary>Its index, as a lane value.</summary>
    internal readonly T Index = index;

    /// <summary>Where it begins, and how wide it is.</summary>
    internal readonly T Left = left, Width = width;

    /// <summary>The value where it begins, and how high it is.</summary>
    internal readonly T Bottom = bottom, Height = height;

    /// <summary>The derivatives at its two knots.</summary>
    internal readonly T First = first, Last = last;
}

/// <summary>What turns the raw widths and heights of the bins into shares: e^(raw - Maximum) / Sum.</summary>
internal readonly struct SplineShares<T>(T maximumWidth, T sumOfWidths, T maximumHeight, T sumOfHeights) where T : unmanaged, ILane<T>
{
    internal readonly T MaximumWidth = maximumWidth, SumOfWidths = sumOfWidths, MaximumHeight = maximumHeight, SumOfHeights = sumOfHeights;
}

/// <summary>A value and the logarithm of the derivative there.</summary>
internal readonly struct SplineValue<T>(T value, T logSlope) where T : unmanaged, ILane<T>
{
    internal readonly T Value = value, LogSlope = logSlope;
}

/// <summary>The gradients of x and of what <see cref="SplineBin{T}"/> has.</summary>
internal readonly struct SplineGradient<T>(T x, T left, T width, T bottom, T height, T first, T last) where T : unmanaged, ILane<T>
{
    internal readonly T X = x, Left = left, Width = width, Bottom = bottom, Height = height, First = first, Last = last;
}

/// <summary>Where the parameters of a spline come from, or of as many splines as a lane holds.</summary>
internal interface ISplineParameters<T> where T : unmanaged, ILane<T>
{
    T Read(int parameter);

    /// <summary>Takes the gradient of a parameter.</summary>
    void Write(int parameter, T gradient);
}
