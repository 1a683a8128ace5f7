using Puna.Engine.Plan;

namespace Puna.Engine.Execution.Compilation;

/// <summary>Turns branches of one kind into operations.</summary>
internal interface IBranchCompiler<in TBranch>
    where TBranch : BranchSpec
{
    /// <summary>Appends operations that read <see cref="BranchContext.Input"/>, and sets <see cref="BranchContext.Output"/>.</summary>
    void Emit(TBranch branch, BranchContext context);
}
