using Puna.Engine.Execution;
using Puna.Engine.Execution.Compilation;
using Puna.Engine.Plan;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Execution;

/// <summary>From here on only the last row of each segment is computed: what stands before has left its keys and values.</summary>
internal sealed record LastRowStep : LayerStep
{
    public override string Kind => "last-row";

    public override IEnumerable<ParameterSpec> Parameters(PlanScope scope) => [];

    public override BranchCost Cost(PlanScope scope, long context) => new(0, 0, 0, 0);

    public override void Check(PlanScope scope) { }

    /// <summary>The compiler of the step, which a method would bring with it.</summary>
    internal sealed class Compiler : IStepCompiler<LastRowStep>
    {
        public void Emit(LastRowStep step, StepContext context)
        {
            var rows = context.List.AddRows();
            var stream = context.Slot("last rows", rows, context.Stream.Columns);
            context.List.Add(new TakeOp(context.Stream, stream));
            context.Stream = stream;
        }
    }

    private sealed class TakeOp(Slot input, Slot output) : PassOp
    {
        private readonly int[] _rows = new int[input.Rows.Maximum];

        public override ForwardStage Stage => ForwardStage.Residual;

        public override void Declare(SlotUses uses)
        {
            uses.Reads(input);
            uses.Writes(output);
        }

        public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
        {
            var (count, end) = (0, 0);
            foreach (ref readonly var segment in input.Rows.Segments)
            {
                end += segment.Tokens;
                if (segment.Tokens > 0)
                {
                    _rows[count++] = end - 1;
                }
            }

            output.Rows.Take(input.Rows, _rows.AsSpan(0, count));
            for (var row = 0; row < count; row++)
            {
                input.Values[_rows[row]].CopyTo(output.Values[row]);
            }
        }
    }
}
