using Puna.Cli.Commands;
using Puna.Cli.Terminal;

return await CommandRunner.RunAsync(RootCommandFactory.Create, args).ConfigureAwait(false);
