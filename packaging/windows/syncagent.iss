; Inno Setup: an installer for one user, without administrator's rights, from the bundle that PyInstaller has made.
;   iscc /DVersion=0.1.0 packaging\windows\syncagent.iss
#ifndef Version
  #define Version "0.1.0"
#endif

[Setup]
; The GUID stays the same for ever: by it an upgrade finds what is installed.
AppId={{5EFE24AF-1386-45AD-AE75-5962574138D2}
AppName=syncagent
AppVersion={#Version}
AppPublisher=The syncagent maintainers
DefaultDirName={localappdata}\Programs\syncagent
DefaultGroupName=syncagent
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
ChangesEnvironment=yes
CloseApplications=yes
Compression=lzma2
SolidCompression=yes
LicenseFile=..\..\LICENSE
OutputBaseFilename=syncagent-{#Version}-setup
OutputDir=..\..\dist
SetupIconFile=..\..\build\icons\syncagent.ico
UninstallDisplayIcon={app}\syncagent.exe

[Files]
Source: "..\..\build\bundle\syncagent\*"; DestDir: "{app}"; Flags: recursesubdirs ignoreversion

[Registry]
; The command in the path of this user, once.
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; \
  Check: NotInPath(ExpandConstant('{app}'))

[UninstallRun]
; What people keep stays; only the start at login goes, since there would be nothing to start.
Filename: "{app}\syncagent.exe"; Parameters: "autostart off"; Flags: runhidden; RunOnceId: "AutostartOff"
Filename: "{app}\syncagent.exe"; Parameters: "stop"; Flags: runhidden; RunOnceId: "Stop"

[Code]
function NotInPath(Directory: string): Boolean;
var
  Path: string;
begin
  if not RegQueryStringValue(HKCU, 'Environment', 'Path', Path) then
    Path := '';
  Result := Pos(';' + Uppercase(Directory) + ';', ';' + Uppercase(Path) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Path, Directory: string;
begin
  if (Step = usPostUninstall) and RegQueryStringValue(HKCU, 'Environment', 'Path', Path) then
  begin
    Directory := ';' + ExpandConstant('{app}');
    if StringChangeEx(Path, Directory, '', True) > 0 then
      RegWriteExpandStringValue(HKCU, 'Environment', 'Path', Path);
  end;
end;
