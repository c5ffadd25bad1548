using Engine.Kernels.Lanes;
using Engine.Kernels.Norms;

namespace Engine.Kernels.Flows;

/// <summary>The bin that a number falls into, with the knots on both sides of it.</summary>
internal readonly struct SplineBin<T>(T index, T left, T width, T bottom, T height, T first, T last) where T : unmanaged, ILane<T>
{
    /// <summary>Its place, as a number.</summary>
    internal readonly T Index = index;

    /// <summary>Where it begins, and how wide it is.</summary>
    internal readonly T Left = left, Width = width;

    /// <summary>The value where it begins, and how high it is.</summary>
    internal readonly T Bottom = bottom, Height = height;

    /// <summary>The derivatives at its two knots.</summary>
    internal readonly T First = first, Last = last;
}

/// <summary>What the bins' raw widths and heights become shares by: e^(raw - Maximum) / Sum.</summary>
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

/// <summary>Where the parameters of a spline come from, or of as many as a lane has places.</summary>
internal interface ISplineParameters<T> where T : unmanaged, ILane<T>
{
    T Read(int parameter);

    /// <summary>Takes the gradient of a parameter.</summary>
    void Write(int parameter, T gradient);
}
