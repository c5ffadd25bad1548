using System.Linq.Expressions;

namespace Engine.Kernels.Devices;

/// <summary>
/// Puts around the launcher of a kernel what every launch needs: it is counted, and a failure of the driver becomes an exception with a
/// sentence. Launchers have as many signatures as kernels, so the frame is compiled for each when its kernel is loaded; after that a launch
/// costs one more call and no memory.
/// </summary>
internal static class KernelLaunch
{
    internal static TLauncher Framed<TLauncher>(GpuDevice device, TLauncher launch) where TLauncher : Delegate
    {
        ParameterExpression[] arguments =
            [.. typeof(TLauncher).GetMethod("Invoke")!.GetParameters()
                .Select(parameter => Expression.Parameter(parameter.ParameterType, parameter.Name))];
        ParameterExpression failure = Expression.Parameter(typeof(Exception), "failure");
        ConstantExpression on = Expression.Constant(device);

        // try { if (device.BeginLaunch()) launch(arguments); device.EndLaunch(); } catch (Exception failure) { device.FailLaunch(failure);
        // }
        Expression body = Expression.TryCatch(
            Expression.Block(
                Expression.IfThen(Expression.Call(on, nameof(GpuDevice.BeginLaunch), null),
                    Expression.Invoke(Expression.Constant(launch), arguments)),
                Expression.Call(on, nameof(GpuDevice.EndLaunch), null)),
            Expression.Catch(failure, Expression.Call(on, nameof(GpuDevice.FailLaunch), null, failure)));
        return Expression.Lambda<TLauncher>(body, arguments).Compile();
    }
}
