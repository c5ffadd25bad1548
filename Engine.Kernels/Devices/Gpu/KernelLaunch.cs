using System.Linq.Expressions;

namespace Engine.Kernels.Devices.Gpu;

/// <summary>
/// Puts around the launcher of a kernel what every launch needs: it is counted, and a failure of the driver becomes an exception with a
/// sentence. Launchers have as many signatures as kernels, so the frame is compiled for each when its kernel is loaded; after that a launch
/// costs one more call and no memory.
/// </summary>
internal static class KernelLaunch
{
    /// <summary>Frames one launcher.</summary>
    internal static TLauncher Framed<TLauncher>(GpuDevice device, TLauncher launch) where TLauncher : Delegate =>
        Framed<TLauncher>(device, _ => Expression.Constant(launch));

    /// <summary>Frames launchers of which the first argument, a <see cref="ILGPU.KernelConfig"/>, chooses one.</summary>
    internal static TLauncher Framed<TLauncher>(GpuDevice device, GroupLaunchers<TLauncher> launchers) where TLauncher : Delegate =>
        Framed<TLauncher>(device, config => Expression.Call(Expression.Constant(launchers), nameof(launchers.For), null, config));

    private static TLauncher Framed<TLauncher>(GpuDevice device, Func<ParameterExpression, Expression> launcher) where TLauncher : Delegate
    {
        ParameterExpression[] arguments =
            [.. typeof(TLauncher).GetMethod("Invoke")!.GetParameters()
                .Select(parameter => Expression.Parameter(parameter.ParameterType, parameter.Name))];
        ParameterExpression failure = Expression.Parameter(typeof(Exception), "failure");
        ConstantExpression on = Expression.Constant(device);

        // try { if (device.BeginLaunch()) launcher(arguments); device.EndLaunch(); }
        // catch (Exception failure) { device.FailLaunch(failure); }
        Expression body = Expression.TryCatch(
            Expression.Block(
                Expression.IfThen(Expression.Call(on, nameof(GpuDevice.BeginLaunch), null),
                    Expression.Invoke(launcher(arguments[0]), arguments)),
                Expression.Call(on, nameof(GpuDevice.EndLaunch), null)),
            Expression.Catch(failure, Expression.Call(on, nameof(GpuDevice.FailLaunch), null, failure)));
        return Expression.Lambda<TLauncher>(body, arguments).Compile();
    }
}
