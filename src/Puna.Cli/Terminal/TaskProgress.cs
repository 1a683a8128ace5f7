using Spectre.Console;

namespace Puna.Cli.Terminal;

/// <summary>
/// A bar with percentage and remaining time on stderr. It appears only when stderr is a terminal and the work takes
/// longer than a second, and it is wiped at the end.
/// </summary>
internal sealed class TaskProgress : IProgress<double>, IDisposable
{
    private const int DelayMilliseconds = 1000;
    private const int RefreshMilliseconds = 100;
    private readonly string _title;
    private readonly bool _visible = !Console.IsErrorRedirected;
    private readonly ManualResetEventSlim _done = new();
    private Thread? _drawer;
    private double _share;
    private volatile string _remark = "";

    /// <summary>Makes the bar for work called <paramref name="title"/>.</summary>
    public TaskProgress(string title) => _title = title;

    /// <summary>Shows the share that is done, 0 to 1.</summary>
    public void Report(double value) => Report(value, "");

    /// <summary>Shows the share that is done, 0 to 1, and a remark beside it.</summary>
    public void Report(double value, string remark)
    {
        Volatile.Write(ref _share, Math.Clamp(value, 0, 1));
        _remark = remark;
        if (_visible && _drawer is null && !_done.IsSet)
        {
            _drawer = new Thread(Draw) { IsBackground = true, Name = "puna-progress" };
            _drawer.Start();
        }
    }

    /// <summary>Wipes the bar.</summary>
    public void Dispose()
    {
        _done.Set();
        _drawer?.Join();
        _drawer = null;
    }

    private void Draw()
    {
        if (!_done.Wait(DelayMilliseconds))
        {
            Show();
        }
    }

    private void Show() =>
        AnsiConsole
            .Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) })
            .Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn(),
                new ProgressBarColumn(),
                new PercentageColumn(),
                new RemainingTimeColumn()
            )
            .Start(context =>
            {
                var task = context.AddTask(_title.EscapeMarkup());
                do
                {
                    task.Value = 100 * Volatile.Read(ref _share);
                    task.Description = $"{_title} {_remark}".TrimEnd().EscapeMarkup();
                } while (!_done.Wait(RefreshMilliseconds));
            });
}
