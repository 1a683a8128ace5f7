using Puna.Engine.Plan;

namespace Puna.Engine.Execution.Compilation;

/// <summary>Turns steps of one kind into operations.</summary>
internal interface IStepCompiler<in TStep>
    where TStep : LayerStep
{
    /// <summary>Appends operations that read <see cref="StepContext.Stream"/>, and sets it to their result.</summary>
    void Emit(TStep step, StepContext context);
}
