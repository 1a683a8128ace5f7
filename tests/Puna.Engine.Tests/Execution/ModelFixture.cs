using Puna.Engine.Execution;
using Puna.Engine.Execution.Compilation;
using Puna.Engine.Model;
using Puna.Engine.Plan;
using Puna.Engine.Runtime;
using Puna.Engine.Tests.Files;
using Puna.Kernels.Activations;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Execution;

/// <summary>A model with a plan that has steps of the tests' own, and its compilers.</summary>
internal sealed class ModelFixture : IDisposable
{
    private readonly EditedModelFile _file;
    private readonly WorkerPool _pool;

    public ModelFixture(string path, LayerPlan plan, WorkerPool pool)
    {
        _pool = pool;
        _file = new EditedModelFile(path, plan);
        Model = LanguageModel.Load(_file, plan, _file.Tokenizer, pool);
    }

    public LanguageModel Model { get; }

    public ForwardPass Compile() =>
        new(
            Model,
            _pool,
            ActivationFormat.F32,
            512,
            Compilers.BuiltIn.Copy().AddStep(new LastRowStep.Compiler()),
            SlotLayout.Inference
        );

    public void Dispose()
    {
        Model.Dispose();
        _file.Dispose();
    }
}
